"""What the professional codes that cases speak of ask, in our own words.

Sources: APA Ethical Principles of Psychologists; NASW Code of Ethics; ACA Code of Ethics; BACP
Ethical Framework. The wording is ours and no advice; read the code that you are bound by.
"""

CODES: dict[str, str] = {
    "APA 10.01": (
        "Tell people early, in words they can use, what the work is, what it costs and what its "
        "limits are, and leave room for questions."
    ),
    "APA 10.09": (
        "Plan for who will care for clients when a therapist's post or contract ends, with the "
        "client's welfare first."
    ),
    "APA 10.10": (
        "End when care no longer helps, is not needed or harms; talk about the ending before it, "
        "and suggest others who can help, unless something outside your hands prevents it."
    ),
    "NASW 1.17": (
        "Do not abandon people who still need care. Ending for unpaid fees only where the terms "
        "were clear, no one is in imminent danger, and the consequences were talked through."
    ),
    "ACA A.11": "When you end or cannot go on, offer a referral or another way to get help.",
    "ACA A.12": "Do not abandon or neglect clients; arrange for care when you are away.",
    "BACP 38-42": (
        "Tell clients about limits on sessions at the start, and give notice of endings and "
        "planned breaks."
    ),
}
