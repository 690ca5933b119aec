"""Chat models: one protocol, an OpenAI-compatible client, an embedded server, a scripted fake, and the engine that drives them."""
