-- Money archetypes: eight ways of being with money, in five formats.

select private.register_framework('money-archetypes', 'Money archetypes', 'Which of eight money archetypes leads somebody, and which one stands behind it.',
  $base${
    "archetypes": {
      "hero": {
        "position": 1,
        "name": "Hero",
        "colour": "#8C2F1B",
        "emoji": "🛡️",
        "description": "Sets goals, decides fast and wins. Money is a contest.",
        "strengths": ["Decides under pressure", "Saves and invests with a plan"],
        "shadows": ["Rarely asks for help", "Measures worth by results"]
      },
      "artist": {
        "position": 2,
        "name": "Artist",
        "colour": "#7A5C99",
        "emoji": "🎨",
        "description": "Lives for meaning and beauty. Money is a distant language.",
        "strengths": ["Sees value where others do not", "Lives with little when it matters"],
        "shadows": ["Undercharges", "Looks away from numbers"]
      },
      "innocent": {
        "position": 3,
        "name": "Innocent",
        "colour": "#6FA3B5",
        "emoji": "🌱",
        "description": "Trusts that somebody else takes care of it. Money is overwhelming.",
        "strengths": ["Trusts and learns quickly", "Is content"],
        "shadows": ["Leaves decisions to others", "Does not open letters"]
      },
      "victim": {
        "position": 4,
        "name": "Victim",
        "colour": "#5B6770",
        "emoji": "🌧️",
        "description": "Explains today by what went wrong before. Money is what was taken.",
        "strengths": ["Feels for others", "Remembers and warns"],
        "shadows": ["Waits for rescue", "Repeats the old story"]
      },
      "martyr": {
        "position": 5,
        "name": "Martyr",
        "colour": "#A4743A",
        "emoji": "🕯️",
        "description": "Pays for everybody first. Money is love that is owed.",
        "strengths": ["Gives generously", "Holds a family together"],
        "shadows": ["Forgets own needs", "Keeps a silent account"]
      },
      "adventurer": {
        "position": 6,
        "name": "Adventurer",
        "colour": "#C98B1E",
        "emoji": "🎲",
        "description": "Follows the chance of the day. Money is play.",
        "strengths": ["Acts when others hesitate", "Recovers from losses"],
        "shadows": ["Acts before reading", "Has no reserve"]
      },
      "ruler": {
        "position": 7,
        "name": "Ruler",
        "colour": "#3B4A3F",
        "emoji": "👑",
        "description": "Keeps control of every account. Money is power and safety.",
        "strengths": ["Builds lasting structures", "Knows every number"],
        "shadows": ["Trusts nobody with money", "Never has enough"]
      },
      "magician": {
        "position": 8,
        "name": "Magician",
        "colour": "#2F5D62",
        "emoji": "✨",
        "description": "Knows the old patterns and chooses. Money is a tool.",
        "strengths": ["Turns insight into habit", "Stays calm in change"],
        "shadows": ["Is impatient with slower people", "May overlook small steps"]
      }
    },
    "voice": {
      "system_prompt": "You are a warm and exact money coach. You describe patterns and never judge.",
      "tone_directives": ["Speak to one person.", "One idea a sentence."],
      "language": "en"
    },
    "scoring": {
      "engine": {
        "scale_min": 0,
        "scale_max": 100,
        "decimals": 1,
        "missing": "skip",
        "tie_break": ["hero", "artist", "innocent", "victim", "martyr", "adventurer", "ruler", "magician"]
      },
      "severity_bands": {
        "low": {"label": "In the background", "from": 0, "to": 35},
        "medium": {"label": "Present", "from": 35, "to": 65},
        "high": {"label": "Leading", "from": 65, "to": 100}
      },
      "combinations": [{"primary": "hero", "secondary": "martyr", "title": "The tireless provider", "description": "Wins for others, and forgets to rest."}, {"primary": "artist", "secondary": "innocent", "title": "The hidden talent", "description": "Creates much and asks for little."}, {"primary": "ruler", "secondary": "magician", "title": "The steward", "description": "Keeps order without fear."}, {"primary": "adventurer", "secondary": "hero", "title": "The founder", "description": "Dares, and finishes."}]
    },
    "modes": {
      "likert": {
        "is_enabled": true,
        "kind": "scale",
        "title": "Money quiz",
        "intro": "Sixteen sentences. How much is each one yours?",
        "scale": {"min": 1, "max": 5, "labels": {"1": "Not at all", "3": "Partly", "5": "Completely"}},
        "items": {
          "l01": {"position": 1, "prompt": "I set a financial goal and know by when I will reach it.", "weights": {"hero": 2, "magician": 1}},
          "l02": {"position": 2, "prompt": "I decide about money quickly, also under pressure.", "weights": {"hero": 2, "ruler": 1}},
          "l03": {"position": 3, "prompt": "I would rather create something good than be paid well for it.", "weights": {"artist": 2}},
          "l04": {"position": 4, "prompt": "I find it hard to name a price for my work.", "weights": {"artist": 2, "innocent": 1}},
          "l05": {"position": 5, "prompt": "I am glad when somebody else takes care of my money.", "weights": {"innocent": 2}},
          "l06": {"position": 6, "prompt": "Letters from the bank stay closed for a while.", "weights": {"innocent": 2, "victim": 1}},
          "l07": {"position": 7, "prompt": "Others are to blame for most of my money troubles.", "weights": {"victim": 2}},
          "l08": {"position": 8, "prompt": "What happened with money in my family still decides what I can do.", "weights": {"victim": 2, "martyr": 1}},
          "l09": {"position": 9, "prompt": "I pay for others before I pay for myself.", "weights": {"martyr": 2}},
          "l10": {"position": 10, "prompt": "I notice when nobody thanks me for what I gave.", "weights": {"martyr": 2, "victim": 1}},
          "l11": {"position": 11, "prompt": "I buy or invest on the day I hear of a chance.", "weights": {"adventurer": 2}},
          "l12": {"position": 12, "prompt": "I have three months of expenses in reserve.", "weights": {"ruler": 1, "magician": 1, "adventurer": -2}},
          "l13": {"position": 13, "prompt": "I check my accounts every week and know each number.", "weights": {"ruler": 2, "hero": 1}},
          "l14": {"position": 14, "prompt": "I would not let anybody else decide about my money.", "weights": {"ruler": 2}},
          "l15": {"position": 15, "prompt": "I know which of my money habits come from my parents, and I chose which to keep.", "weights": {"magician": 2}},
          "l16": {"position": 16, "prompt": "I stay calm when my income changes.", "weights": {"magician": 2, "artist": 1}}
        }
      },
      "qa": {
        "is_enabled": true,
        "kind": "choice",
        "title": "Four questions",
        "intro": "Choose what is closest.",
        "items": {
          "q01": {"position": 1, "prompt": "An invoice of yours is a month late. What do you do first?", "options": {"a": {"position": 1, "label": "I call and settle it today.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "I write a kind reminder, and another one.", "weights": {"martyr": 2}}, "c": {"position": 3, "label": "I hope that it comes.", "weights": {"innocent": 2}}, "d": {"position": 4, "label": "My system has sent a notice already.", "weights": {"ruler": 2}}}},
          "q02": {"position": 2, "prompt": "You get an unexpected 5,000. Where is it next month?", "options": {"a": {"position": 1, "label": "In something I made possible for others.", "weights": {"martyr": 2}}, "b": {"position": 2, "label": "In materials, a course, a journey.", "weights": {"artist": 1, "adventurer": 1}}, "c": {"position": 3, "label": "In the plan, where it belongs.", "weights": {"magician": 2}}, "d": {"position": 4, "label": "Gone. Something always happens.", "weights": {"victim": 2}}}},
          "q03": {"position": 3, "prompt": "A friend tells you of an investment that doubles in a year.", "options": {"a": {"position": 1, "label": "I am in.", "weights": {"adventurer": 2}}, "b": {"position": 2, "label": "I ask for the figures.", "weights": {"ruler": 2}}, "c": {"position": 3, "label": "I ask what my friend needs.", "weights": {"magician": 1, "martyr": 1}}, "d": {"position": 4, "label": "I would not know how.", "weights": {"innocent": 2}}}},
          "q04": {"position": 4, "prompt": "What did money mean at the table you grew up at?", "options": {"a": {"position": 1, "label": "It was won.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "It was a worry.", "weights": {"victim": 2}}, "c": {"position": 3, "label": "It was not talked about.", "weights": {"innocent": 1, "artist": 1}}, "d": {"position": 4, "label": "It was a tool like others.", "weights": {"magician": 2}}}}
        }
      },
      "game": {
        "is_enabled": true,
        "kind": "choice",
        "title": "Three rounds",
        "intro": "Play as you are.",
        "items": {
          "g01": {"position": 1, "prompt": "The dice show six. You may stop or roll again for double.", "options": {"a": {"position": 1, "label": "Stop.", "weights": {"ruler": 1, "magician": 1}}, "b": {"position": 2, "label": "Roll.", "weights": {"adventurer": 2}}}},
          "g02": {"position": 2, "prompt": "A card lets you take from the richest or give to the poorest.", "options": {"a": {"position": 1, "label": "Take.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "Give.", "weights": {"martyr": 2}}}},
          "g03": {"position": 3, "prompt": "You may swap your place with anybody, once.", "options": {"a": {"position": 1, "label": "I keep mine.", "weights": {"artist": 1, "innocent": 1}}, "b": {"position": 2, "label": "I swap with the leader.", "weights": {"hero": 1, "adventurer": 1}}}}
        }
      },
      "deal": {
        "is_enabled": true,
        "kind": "choice",
        "title": "Three deals",
        "intro": "Choose a side of the table.",
        "items": {
          "d01": {"position": 1, "prompt": "Two offers are on the table.", "options": {"a": {"position": 1, "label": "A safe fee, paid today.", "weights": {"ruler": 2}}, "b": {"position": 2, "label": "A share of what it will become.", "weights": {"adventurer": 2}}}},
          "d02": {"position": 2, "prompt": "The buyer asks for a discount.", "options": {"a": {"position": 1, "label": "I name what falls away for it.", "weights": {"hero": 1, "magician": 1}}, "b": {"position": 2, "label": "I give it, so that everybody is happy.", "weights": {"martyr": 2}}}},
          "d03": {"position": 3, "prompt": "Your partner forgot the payment.", "options": {"a": {"position": 1, "label": "I carry it this time.", "weights": {"martyr": 1, "innocent": 1}}, "b": {"position": 2, "label": "We stop until it is paid.", "weights": {"ruler": 1, "hero": 1}}}}
        }
      },
      "realm": {
        "is_enabled": true,
        "kind": "choice",
        "title": "The journey",
        "intro": "Walk, and answer whom you meet.",
        "items": {
          "r01": {"position": 1, "prompt": "You come to a gate. The keeper asks what you carry.", "options": {"a": {"position": 1, "label": "A sword.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "A song.", "weights": {"artist": 2}}, "c": {"position": 3, "label": "A ledger.", "weights": {"ruler": 2}}, "d": {"position": 4, "label": "Nothing. It was taken.", "weights": {"victim": 2}}}},
          "r02": {"position": 2, "prompt": "In the well you see a face.", "options": {"a": {"position": 1, "label": "A child that waits.", "weights": {"innocent": 2}}, "b": {"position": 2, "label": "Somebody who needs you.", "weights": {"martyr": 2}}, "c": {"position": 3, "label": "Yourself, older.", "weights": {"magician": 2}}, "d": {"position": 4, "label": "The one who dared you to jump.", "weights": {"adventurer": 2}}}}
        }
      }
    },
    "landing": {"headline": "Which money archetype leads you?", "personas": [], "traffic_split": 0.5, "capture_gate": "soft"},
    "communications": {
      "email_templates": {},
      "followups": [{"id": "day3", "after_hours": 72, "template": "followup_day3"}, {"id": "day10", "after_hours": 240, "template": "followup_day10"}]
    },
    "results": {
      "ordering": "score",
      "depth_thresholds": {"secondary": 0.6, "combination": 0.8},
      "spider_chart_enabled": true
    },
    "providers": {"reflection": {"is_enabled": false}, "micro_insight": {"is_enabled": false}, "voice": {"is_enabled": false}}
  }$base$);
