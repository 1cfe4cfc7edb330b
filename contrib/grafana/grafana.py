"""What a Grafana dashboard is made of, said briefly: panels with queries, laid out in rows of 24 columns.

The JSON is the schema Grafana 9 and newer import (schemaVersion 37). Each dashboard has a variable for the Prometheus it
asks and one for the job; nothing in it names a machine.
"""
import json

_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_COLUMNS = 24


def stat(title, query, unit="short", text="", red_above=None, red_below=None):
    """One number, red beyond a limit; the colour repeats what the number says."""
    steps = [{"color": "green", "value": None}]
    if red_above is not None:
        steps.append({"color": "red", "value": red_above})
    if red_below is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": red_below}]
    return {"type": "stat", "title": title, "description": text, "targets": _targets({"": query}), "width": 4, "height": 4,
            "fieldConfig": {"defaults": {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []},
            "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}}


def graph(title, queries, unit="short", text="", width=12, stacked=False):
    """Lines over time. `queries`: legend to query."""
    return {"type": "timeseries", "title": title, "description": text, "targets": _targets(queries),
            "width": width, "height": 8,
            "fieldConfig": {"defaults": {"unit": unit, "min": 0,
                                         "custom": {"fillOpacity": 15 if stacked else 5, "showPoints": "never",
                                                    "stacking": {"mode": "normal" if stacked else "none"}}},
                            "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}}


def heatmap(title, query, unit="s", text="", width=12):
    """A histogram's buckets over time. The query sums rates by `le`."""
    return {"type": "heatmap", "title": title, "description": text, "width": width, "height": 8,
            "targets": [{**target, "format": "heatmap"} for target in _targets({"{{le}}": query})],
            "options": {"calculate": False, "yAxis": {"unit": unit}, "color": {"mode": "scheme", "scheme": "Viridis"},
                        "cellGap": 1, "tooltip": {"show": True, "yHistogram": True}}}


def dashboard(uid, title, description, job_metric, panels):
    """The dashboard as JSON text. `job_metric`: a metric whose jobs the variable `job` offers."""
    placed, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(panels, 1):
        panel = dict(panel)
        width, tall = panel.pop("width"), panel.pop("height")
        if x + width > _COLUMNS:
            x, y, height = 0, y + height, 0
        placed.append({"id": number, "datasource": _DATASOURCE, "gridPos": {"x": x, "y": y, "w": width, "h": tall}, **panel})
        x, height = x + width, max(height, tall)
    variables = [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
                 {"name": "job", "type": "query", "datasource": _DATASOURCE, "label": "Job", "refresh": 2,
                  "multi": True, "includeAll": True, "current": {"text": "All", "value": "$__all"},
                  "query": {"query": f"label_values({job_metric}, job)", "refId": "job"}}]
    return json.dumps({"uid": uid, "title": title, "description": description, "tags": ["weir"], "schemaVersion": 37,
                       "time": {"from": "now-1h", "to": "now"}, "refresh": "30s", "editable": True,
                       "templating": {"list": variables}, "panels": placed}, indent=1) + "\n"


def _targets(queries):
    return [{"refId": chr(ord("A") + i), "datasource": _DATASOURCE, "expr": query, "legendFormat": legend or "__auto"}
            for i, (legend, query) in enumerate(queries.items())]
