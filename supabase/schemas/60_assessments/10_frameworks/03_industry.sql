-- Industry 4.0: how mature a firm is, in five fields, by one questionnaire.

select private.register_framework('industry4', 'Industry 4.0 maturity', 'How far a firm has come in strategy, processes, technology, people and data.',
  $base${
    "archetypes": {
      "strategy": {
        "position": 1,
        "name": "Strategy",
        "colour": "#1F4E79",
        "emoji": "🧭",
        "description": "Whether there is a direction, and whether people know it.",
        "strengths": [],
        "shadows": []
      },
      "processes": {
        "position": 2,
        "name": "Processes",
        "colour": "#2E7D32",
        "emoji": "⚙️",
        "description": "Whether work runs the same way twice.",
        "strengths": [],
        "shadows": []
      },
      "technology": {
        "position": 3,
        "name": "Technology",
        "colour": "#6A1B9A",
        "emoji": "💡",
        "description": "Whether tools carry the work or hinder it.",
        "strengths": [],
        "shadows": []
      },
      "people": {
        "position": 4,
        "name": "People",
        "colour": "#B65C00",
        "emoji": "🤝",
        "description": "Whether people can and want to change.",
        "strengths": [],
        "shadows": []
      },
      "data": {
        "position": 5,
        "name": "Data",
        "colour": "#00695C",
        "emoji": "📊",
        "description": "Whether decisions rest on figures.",
        "strengths": [],
        "shadows": []
      }
    },
    "voice": {
      "system_prompt": "You are a plain-spoken consultant for small industry firms.",
      "tone_directives": ["Name the next step."],
      "language": "en"
    },
    "scoring": {
      "engine": {
        "scale_min": 0,
        "scale_max": 100,
        "decimals": 0,
        "missing": "neutral",
        "tie_break": ["strategy", "processes", "technology", "people", "data"]
      },
      "severity_bands": {
        "beginning": {"label": "Beginning", "from": 0, "to": 25},
        "developing": {"label": "Developing", "from": 25, "to": 50},
        "established": {"label": "Established", "from": 50, "to": 75},
        "leading": {"label": "Leading", "from": 75, "to": 100}
      },
      "combinations": []
    },
    "modes": {
      "likert": {
        "is_enabled": true,
        "kind": "scale",
        "title": "Industry 4.0 check",
        "intro": "Ten sentences about your firm.",
        "scale": {"min": 1, "max": 7, "labels": {"1": "Not true", "7": "Fully true"}},
        "items": {
          "s1": {"position": 1, "prompt": "We have a written plan for digital work, with owners and dates.", "weights": {"strategy": 1}},
          "s2": {"position": 2, "prompt": "Everybody here could name our three goals.", "weights": {"strategy": 1}},
          "p1": {"position": 3, "prompt": "Our main processes are described and measured.", "weights": {"processes": 1}},
          "p2": {"position": 4, "prompt": "The same order is handled the same way, whoever handles it.", "weights": {"processes": 1}},
          "t1": {"position": 5, "prompt": "Our systems exchange data without anybody typing it again.", "weights": {"technology": 1}},
          "t2": {"position": 6, "prompt": "We can change a tool within a quarter.", "weights": {"technology": 1}},
          "h1": {"position": 7, "prompt": "People here learn new tools in paid time.", "weights": {"people": 1}},
          "h2": {"position": 8, "prompt": "Mistakes are told early.", "weights": {"people": 1}},
          "d1": {"position": 9, "prompt": "We decide by figures that are at most a week old.", "weights": {"data": 1}},
          "d2": {"position": 10, "prompt": "We know who may see which data.", "weights": {"data": 1}}
        }
      }
    },
    "landing": {"headline": "How far is your firm?", "personas": [], "traffic_split": 0.5, "capture_gate": "hard"},
    "communications": {"email_templates": {}, "followups": []},
    "results": {
      "ordering": "declared",
      "depth_thresholds": {"secondary": 0.5, "combination": 1},
      "spider_chart_enabled": true
    },
    "providers": {"reflection": {"is_enabled": false}, "micro_insight": {"is_enabled": false}, "voice": {"is_enabled": false}}
  }$base$);
