"""The widgets of JupyterLab, one module a widget."""
