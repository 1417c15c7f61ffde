"""Every widget in a browser tab, by the mouse and the keys that drive it in JupyterLab."""

from tests.browser.test_widgets import (  # noqa: F401
    test_call_sequence_and_runtime_swap,
    test_control_plane,
    test_live_cluster_by_keyboard,
    test_live_cluster_by_mouse,
    test_packet_tracer,
    test_packing_workbench,
    test_service_rules,
)
