"""What may be released: the decision, written from the field's rules (42 CFR part 2, 45 CFR 164) and not from the exchange's code.

Documents and policies are in the JSON of their schemas, with the schemas' own names. Times are Unix milliseconds. Where a
rule leaves a choice, the stricter reading is taken. consents.py keeps the grants that this decides on.
"""
from dataclasses import dataclass, field

FOREVER = float("inf")

CATEGORIES = [
    "UNSPECIFIED", "IDENTITY", "CONTACT", "REFERRAL_FACT", "ATTENDANCE", "PROGRESS", "SUD_DIAGNOSIS", "SUD_TREATMENT",
    "DRUG_TEST", "MEDICATION", "SUD_COUNSELLING_NOTES", "MENTAL_HEALTH", "PSYCHOTHERAPY_NOTES", "HIV", "DV_SAFETY",
    "MEDICAL_OTHER", "HOUSING", "EMPLOYMENT_EDUCATION", "BENEFITS_FINANCE", "FAMILY", "RISK_ASSESSMENT",
    "SUPERVISION_CONDITIONS", "CRIMINAL_HISTORY", "COURT_PROCEEDING", "VICTIM_INFO", "JUVENILE", "EXCHANGE", "TEST"]
PURPOSES = [
    "UNSPECIFIED", "REFERRAL_COORDINATION", "TREATMENT", "CARE_MANAGEMENT", "SUPERVISION_MONITORING", "PAYMENT",
    "OPERATIONS", "AT_REQUEST", "EMERGENCY", "LEGAL_PROCEEDING", "AUDIT_EVALUATION", "RESEARCH"]
KINDS = [
    "UNSPECIFIED", "PAROLE", "PROBATION", "TREATMENT", "HOUSING", "COURT", "EMPLOYMENT", "EDUCATION", "POLICE",
    "VICTIM_SERVICE", "INTAKE", "LAB", "MONITORING", "OTHER"]
LEGAL_BASES = [None, "COURT_ORDER", "MEDICAL_EMERGENCY", "MANDATORY_REPORT", "STATUTE", "NON_PART2_OPERATIONAL"]
BASES = ["UNSPECIFIED", "CONSENT", *LEGAL_BASES[1:]]

SYNTHETIC = "00000000-0000-7000-8000-"


def name_of(value, prefix):
    """CATEGORY_HIV -> HIV."""
    return value.removeprefix(prefix)


def names_of(values, prefix):
    return frozenset(name_of(value, prefix) for value in values or ())


@dataclass
class Rule:
    rule_id: str
    categories: frozenset
    sources: frozenset
    targets: frozenset
    purposes: frozenset
    bases: frozenset
    permits: bool
    notices: tuple

    def matches(self, category, source, target, purpose, basis):
        return all(not listed or value in listed for listed, value in (
            (self.categories, category), (self.sources, source), (self.targets, target), (self.purposes, purpose),
            (self.bases, basis)))


class Policy:
    """A ReleasePolicy, with a row of nothing for what it does not speak about."""

    def __init__(self, document):
        self.document = document
        self.version = document.get("version", 0)
        self.categories = {name_of(row["category"], "CATEGORY_"): row for row in document.get("categories", ())}
        self.kinds = {name_of(row["kind"], "AGENCY_KIND_"): row for row in document.get("agency_kinds", ())}
        self.purposes = {name_of(row["purpose"], "PURPOSE_"): row for row in document.get("purposes", ())}
        self.regimes = {name_of(row["regime"], "CONSENT_REGIME_"): row for row in document.get("regimes", ())}
        self.bases = {name_of(row["basis"], "RELEASE_BASIS_"): row for row in document.get("bases", ())}
        self.events = document.get("events", [])
        self.rules = [Rule(
            row["rule_id"], names_of(row.get("categories"), "CATEGORY_"), names_of(row.get("from"), "AGENCY_KIND_"),
            names_of(row.get("to"), "AGENCY_KIND_"), names_of(row.get("purposes"), "PURPOSE_"),
            names_of(row.get("bases"), "RELEASE_BASIS_"), row["effect"] == "RULE_EFFECT_PERMIT",
            tuple(row.get("notices", ()))) for row in document.get("rules", ())]
        self.ruled = {}

    def lawful(self):
        """No rule may let a victim's information go by the consent of somebody else (34 U.S.C. 12291(b)(2))."""
        return not any(rule.permits and (not rule.categories or "VICTIM_INFO" in rule.categories)
                       and (not rule.bases or "CONSENT" in rule.bases) for rule in self.rules)

    def kind(self, kind):
        return self.kinds.get(kind, {})

    def rule(self, category, source, target, purpose, basis):
        """(permitted, the rule's number or -1, its notices): deny wins, the first of its kind is named."""
        asked = (category, source, target, purpose, basis)
        if asked not in self.ruled:
            matching = [(number, rule) for number, rule in enumerate(self.rules) if rule.matches(*asked)]
            denying = [number for number, rule in matching if not rule.permits]
            permitting = [(number, rule) for number, rule in matching if rule.permits]
            if denying or not permitting:
                self.ruled[asked] = (False, denying[0] if denying else -1, frozenset())
            else:
                notices = frozenset(code for _, rule in permitting for code in rule.notices)
                self.ruled[asked] = (True, permitting[0][0], notices)
        return self.ruled[asked]


@dataclass
class Party:
    """Whom a grant names: an agency, one desk or person of it, or the class of treating providers."""
    kind: str
    agency: str = ""
    role: str = ""
    person: str = ""

    def is_agency(self, agency, treating):
        """As a discloser: nobody can tell from which desk something comes."""
        if self.kind == "CLASS_TREATING":
            return treating
        return self.agency == agency

    def reaches(self, agency, treating, role, person):
        if not self.is_agency(agency, treating):
            return False
        if self.kind == "ROLE_IN_AGENCY":
            return role == self.role
        if self.kind == "PERSON":
            return person == self.person and (not self.role or role == self.role)
        return True


@dataclass
class Revocation:
    recipient: str | None  # None: for everybody
    asked_ms: int
    effective_ms: float


@dataclass
class Grant:
    grant_id: str
    consent_id: str
    subject: str
    disclosers: list
    recipients: list
    two_way: bool
    categories: frozenset
    purposes: frozenset
    proceeding: str
    recorded_ms: int
    valid_from_ms: float
    expires_ms: float
    expires_on: str | None
    revocable_from_ms: float  # 0: at once
    revocable_on: str | None
    regime: str
    document: dict = field(repr=False)
    ended_ms: float = FOREVER  # superseded or entered in error
    expired_ms: float = FOREVER  # its event has come
    revocations: list = field(default_factory=list)

    def connects(self, ask):
        """Does it name this discloser and this recipient, at this desk?"""
        treats_from, treats_to = ask.treating
        for sources, targets in self.directions():
            if not any(party.is_agency(ask.sender, treats_from) for party in sources):
                continue
            if any(party.reaches(ask.recipient, treats_to, ask.role, ask.person) for party in targets):
                return True
        return False

    def directions(self):
        yield self.disclosers, self.recipients
        if self.two_way:
            yield self.recipients, self.disclosers

    def revoked_for(self, ask):
        """Taken back for this recipient (or, where the grant goes both ways, this sender) as of that time."""
        return any(made.effective_ms <= ask.at_ms and (
            made.recipient in (None, ask.recipient) or (self.two_way and made.recipient == ask.sender))
            for made in self.revocations)

    def state(self, ask):
        if self.recorded_ms > ask.at_ms:
            return "absent"
        if self.ended_ms <= ask.at_ms or self.revoked_for(ask):
            return "revoked"
        if self.expired_ms <= ask.at_ms or self.expires_ms <= ask.at_ms:
            return "expired"
        if self.valid_from_ms > ask.at_ms:
            return "not_yet_valid"
        return "live"


@dataclass
class Request:
    sender: str
    sender_kind: str
    recipient: str
    recipient_kind: str
    subject: str | None
    purpose: int
    categories: list  # numbers, one a part; the first leads
    at_ms: int
    role: str = ""
    person: str = ""
    grant: str | None = None
    legal: int = 0
    reference: str = ""
    proceeding: str = ""
    actor: str = ""
    forbidden: int = 0  # bit i: the rule that part i came with forbids to pass it on so
    treating: tuple = (False, False)
    also: tuple = ()  # further network ids that are the same person: what was consented to under any of them counts


@dataclass
class Part:
    outcome: str  # permit, hold, deny
    codes: frozenset = frozenset()
    rule: int = -1
    covering: tuple = ()  # the grants; any of them will do
    recheck_ms: int = 0
    by_consent: bool = False
    notices: frozenset = frozenset()  # of the rules that permit

    @property
    def grants(self):
        return [grant.grant_id for grant in self.covering]


@dataclass
class Decision:
    kind: str
    mask: int
    codes: frozenset
    parts: list
    rechecks: frozenset


TELLING = ("not_yet_valid", "revoked", "expired", "missing")


def decide(policy, grants, ask):
    """`grants` are all of the person's, under whatever id of theirs."""
    monitors = policy.kind(ask.recipient_kind).get("criminal_justice")  # 42 CFR 2.35(a), as of now
    ask.treating = (bool(policy.kind(ask.sender_kind).get("treating")), bool(policy.kind(ask.recipient_kind).get("treating")))
    near = [grant for grant in grants if grant.connects(ask) and ask.grant in (None, grant.grant_id)
            and (monitors or not policy.regimes.get(grant.regime, {}).get("revocable_later"))] if ask.subject else []
    parts = [decide_part(policy, near, ask, number) for number in range(len(ask.categories))]
    mask = sum(1 << number for number, part in enumerate(parts) if part.outcome == "permit")
    lead = parts[0]
    if lead.outcome == "hold":
        held = [part for part in parts if part.outcome == "hold"]
        rechecks = frozenset(
            [min([part.recheck_ms for part in some if part.recheck_ms] or [0]) for some in (held, [lead])])
        return Decision("hold", 0, lead.codes | most_telling(held), parts, rechecks)
    if lead.outcome == "deny":
        codes = frozenset(code for part in parts if part.outcome == "deny" for code in part.codes)
        return Decision("deny", 0, codes, parts, frozenset([0]))
    withheld = [part for part in parts if part.outcome != "permit"]
    codes = frozenset(code for part in withheld for code in part.codes)
    return Decision("permit_parts" if withheld else "permit", mask, codes or frozenset(["none"]), parts, frozenset([0]))


def monitored(policy, grant, ask):
    """What may become revocable later only (2.35) is for those who monitor, as things are when it is decided."""
    return (not policy.regimes.get(grant.regime, {}).get("revocable_later")
            or bool(policy.kind(ask.recipient_kind).get("criminal_justice")))


def most_telling(held):
    codes = {code for part in held for code in part.codes}
    return frozenset([next(code for code in map("consent_{}".format, TELLING) if code in codes)])


def decide_part(policy, near, ask, number):
    category = CATEGORIES[ask.categories[number]] if ask.categories[number] < len(CATEGORIES) else "UNSPECIFIED"
    part = decide_category(policy, near, ask, category)
    lifted = policy.bases.get(legal_name(ask.legal), {}).get("lifts_redisclosure")
    if ask.forbidden >> number & 1 and not lifted and category not in ("EXCHANGE", "TEST"):
        return Part("deny", (part.codes if part.outcome == "deny" else frozenset()) | {"redisclosure_forbidden"})
    return part


def decide_category(policy, near, ask, category):
    insufficient = Part("deny", frozenset(["basis_insufficient"]))
    if category == "EXCHANGE":
        return Part("permit")
    if category == "UNSPECIFIED" or not ask.subject:
        return insufficient
    if category == "TEST":
        return Part("permit") if ask.subject.startswith(SYNTHETIC) else insufficient
    if ask.legal:
        return decide_by_law(policy, ask, category, legal_name(ask.legal))
    return decide_by_consent(policy, near, ask, category)


def legal_name(number):
    return LEGAL_BASES[number] if number < len(LEGAL_BASES) else None


def purpose_name(number):
    return PURPOSES[number] if number < len(PURPOSES) else f"number {number}"


def decide_by_law(policy, ask, category, legal):
    insufficient = Part("deny", frozenset(["basis_insufficient"]))
    if legal is None or legal not in policy.bases:
        return insufficient
    basis = policy.bases[legal]
    if basis.get("needs_reference") and not ask.reference or basis.get("needs_actor") and not ask.actor:
        return insufficient
    permitted, rule, notices = policy.rule(category, ask.sender_kind, ask.recipient_kind, purpose_name(ask.purpose), legal)
    return Part("permit", rule=rule, notices=notices) if permitted else insufficient


def decide_by_consent(policy, near, ask, category):
    purpose = purpose_name(ask.purpose)
    permitted, rule, notices = policy.rule(category, ask.sender_kind, ask.recipient_kind, purpose, "CONSENT")
    if not permitted:
        return Part("deny", frozenset(["basis_insufficient"]))
    naming = [grant for grant in near if category in grant.categories and purpose in grant.purposes]
    states = [(grant, grant.state(ask)) for grant in naming]
    live = [grant for grant, state in states if state == "live"]
    covering = tuple(grant for grant in live if proceeding_fits(grant, ask))
    if covering:
        return Part("permit", rule=rule, covering=covering, by_consent=True, notices=notices)
    if live:
        return Part("deny", frozenset(["consent_other_proceeding"]))
    told = {state for _, state in states}
    code = next(code for code in TELLING if code in told or code == "missing")
    coming = [grant.valid_from_ms for grant, state in states if state == "not_yet_valid"]
    return Part("hold", frozenset([f"consent_{code}"]), recheck_ms=min(coming, default=0))


def proceeding_fits(grant, ask):
    return not grant.proceeding or grant.proceeding == ask.proceeding


# ---- what goes along

STATEMENTS = {"NOTICE_1": "42cfr2.32-1", "NOTICE_2": "42cfr2.32-2"}
EXPLANATIONS = {"CONSENT_COPY": "consent-copy", "SCOPE_TEXT": "consent-scope"}
REDISCLOSURE = {"NONE": "redisclose-none", "OFFICIAL_DUTY_CASE": "redisclose-official-duty",
                "HIPAA_TPO": "redisclose-hipaa", "AS_STATED": "redisclose-as-stated"}


def grant_notices(policy, grant):
    """What the grant attaches, and what its regime adds where it attaches nothing of the kind (42 CFR 2.32)."""
    regime = policy.regimes.get(grant.regime, {})
    attached = names_of(grant.document.get("attach"), "ATTACHMENT_")
    told = {STATEMENTS[name] for name in attached & set(STATEMENTS)} or set(regime.get("notices", ()))
    explained = {EXPLANATIONS[name] for name in attached & set(EXPLANATIONS)}
    if not explained and regime.get("scope"):
        explained = {EXPLANATIONS["SCOPE_TEXT"]}
    return told | explained | {REDISCLOSURE[name_of(grant.document["redisclosure"], "REDISCLOSURE_RULE_")]}


def notices(policy, decision, relied):
    """(the least, the most) of what goes along with a release that relies on these grants: two versions of one may both be
    in force."""
    least, most = set(), set()
    released = [part for number, part in enumerate(decision.parts) if decision.mask >> number & 1]
    for part in released:
        least |= part.notices
        most |= part.notices
    for grant_id in relied:
        versions = {id(grant): grant for part in released for grant in part.covering if grant.grant_id == grant_id}
        sets = [grant_notices(policy, grant) for grant in versions.values()]
        least |= set.intersection(*sets)
        most |= set.union(*sets)
    return least, most
