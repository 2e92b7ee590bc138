"""A made-up lake to try every face on: Kestrel & Thyme, kitchenware and a subscription club."""

from genie_ext.demo.lake import DEMO_DAY, DemoReport, build_demo_lake

__all__ = ["DEMO_DAY", "DemoReport", "build_demo_lake"]
