"""Estimates as dots with their intervals: with predictions, and below each the labels alone."""

from collections.abc import Sequence

import streamlit as st

from jobs.report.estimating import ALT, figure
from jobs.stages.estimates import Answer


def show(answers: Sequence[Answer]) -> None:
    """Draw the chart; without any estimate nothing."""
    if all(a.found.estimate is None for a in answers):
        return
    theme = st.context.theme.type or "light"
    st.plotly_chart(figure(answers, theme), theme=None, config={"displayModeBar": False}, key="mw-estimates-chart", alt=ALT)
