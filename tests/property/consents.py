"""What becomes of signed consents: recorded or refused, superseded, taken back, ended by an event. Part of the reference
that reference.py opens; it, too, knows the rules and not the exchange's code.

Each call returns the answers that are right: frozenset(["ok"]), or the codes of which one must be given.
"""
from datetime import datetime, timezone

from reference import FOREVER, KINDS, Grant, Party, Revocation, name_of, names_of

OK = frozenset(["ok"])
NEVER = -FOREVER
# Tells nothing of a person: there is nothing to consent to.
NOBODYS = {"UNSPECIFIED", "EXCHANGE", "TEST"}
NAMED = ("AGENCY", "COURT", "ROLE_IN_AGENCY", "PERSON")


def time_ms(text, absent):
    if not text:
        return absent
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


def told(document, path):
    """Is this element there, and does it say something?"""
    name, _, rest = path.partition(".")
    value = document.get(name)
    if isinstance(value, list):
        return bool(value) and (not rest or all(told(row, rest) for row in value))
    if isinstance(value, dict) and rest:
        return told(value, rest)
    return value not in (None, "", False, [], {}) and not str(value).endswith("_UNSPECIFIED")


class Consent:
    def __init__(self, document, subject, recorder):
        self.subject = subject
        self.recorder = recorder
        self.version = document["version"]
        self.in_error = False
        self.grants = []  # of the version in force
        self.earlier = []

    def parties(self, side):
        return {party.agency for grant in self.grants for party in getattr(grant, side)}

    def has_class(self):
        return any(party.kind == "CLASS_TREATING"
                   for grant in self.grants for party in grant.disclosers + grant.recipients)


class Book:
    """Every consent that the exchange was told of."""

    def __init__(self, policy, kinds):
        self.policy = policy
        self.kinds = kinds  # of each agency
        self.consents = {}
        self.grants = {}  # subject -> every grant ever recorded
        self.events = {}  # (proceeding, event code, subject or None: everybody) -> {who says so: when it came last}
        self.courts = {}  # (proceeding, subject or None) -> the court that spoke first

    def kind_of(self, agency):
        return self.kinds.get(agency, KINDS[0])

    # ---- who may act

    def may_change(self, consent, sender):
        return (sender == consent.recorder or sender in consent.parties("disclosers")
                or bool(self.policy.kind(self.kind_of(sender)).get("consent_desk")))

    def may_revoke(self, consent, sender):
        return self.may_change(consent, sender) or sender in consent.parties("recipients")

    def unclear(self, consent_id, sender):
        """A member of a class is no party by name, and yet may be meant: not asked."""
        consent = self.consents.get(consent_id)
        return (consent is not None and consent.has_class() and not self.may_change(consent, sender)
                and bool(self.policy.kind(self.kind_of(sender)).get("treating")))

    # ---- recording

    def record(self, document, subject, sender, now_ms):
        old = self.consents.get(document["consent_id"])
        if document.get("status") == "CONSENT_STATUS_ENTERED_IN_ERROR":
            return self.enter_in_error(old, document, subject, sender, now_ms)
        wrong = self.deficiencies(document, subject, now_ms)
        if old is not None:
            if old.subject != subject or not self.may_change(old, sender):
                wrong |= {"unknown_consent", "id_conflict"}
            elif document["version"] <= old.version or old.in_error:
                wrong.add("id_conflict")
        before = self.consents.get(document.get("supersedes"))
        if document.get("supersedes") and (
                before is None or before.subject != subject or not self.may_change(before, sender)):
            wrong.add("unknown_consent")
        wrong |= self.conflicts(document)
        if wrong:
            return frozenset(wrong)
        if before is not None:
            self.end(before, now_ms)
        self.keep(old, document, subject, sender, now_ms)
        return OK

    def conflicts(self, document):
        ids = [grant["grant_id"] for grant in document.get("grants", ())]
        others = {grant.grant_id for rows in self.grants.values() for grant in rows
                  if grant.consent_id != document["consent_id"]}
        if len(set(ids)) < len(ids):
            return {"id_conflict", "consent_deficient"}
        return {"id_conflict"} if others & set(ids) else set()

    def keep(self, old, document, subject, sender, now_ms):
        consent = old
        if old is None:
            consent = self.consents[document["consent_id"]] = Consent(document, subject, sender)
        else:
            self.end(old, now_ms)
            old.version = document["version"]
        consent.earlier += consent.grants
        consent.grants = [grant_of(document, row, subject, now_ms) for row in document["grants"]]
        for grant in consent.grants:
            self.catch_up(grant, time_ms(document.get("signature", {}).get("signed_at"), now_ms))
        self.grants.setdefault(subject, []).extend(consent.grants)

    def catch_up(self, grant, signed_ms):
        """What came after it was signed has made it revocable by now."""
        for rule in self.policy.events:
            if rule.get("disposition_final") or rule["event_code"] == grant.revocable_on:
                last_ms = self.last_ms(grant.document, rule["event_code"], grant.subject)
                if last_ms >= signed_ms and grant.revocable_from_ms > grant.recorded_ms:
                    grant.revocable_from_ms = last_ms

    def last_ms(self, row, code, subject):
        return max((at_ms for whose in (subject, None)
                    for sender, at_ms in self.events.get((row.get("proceeding_id"), code, whose), {}).items()
                    if self.believes(row, subject, sender)), default=NEVER)

    def believes(self, row, subject, sender):
        """42 CFR 2.35(c): whom the grant names; where that is no court, also the one that has the proceeding."""
        parties = row.get("disclosers", []) + row.get("recipients", [])
        names = {party.get("agency") for party in parties} | {row.get("imposing_authority")}
        treats = self.policy.kind(self.kind_of(sender)).get("treating")
        if sender in names or treats and any(party.get("kind") == "PARTY_KIND_CLASS_TREATING" for party in parties):
            return True
        if any(self.orders(name) for name in names):
            return False
        proceeding = row.get("proceeding_id")
        return sender == self.courts.get((proceeding, subject), self.courts.get((proceeding, None)))

    def orders(self, agency):
        return bool(self.policy.kind(self.kind_of(agency)).get("orders"))

    def enter_in_error(self, old, document, subject, sender, now_ms):
        if old is None or old.subject != subject or sender != old.recorder:
            return frozenset(["unknown_consent", "id_conflict", "consent_deficient"])
        if document["version"] <= old.version or old.in_error:
            return frozenset(["id_conflict"])
        for grant in old.grants + old.earlier:
            grant.ended_ms = min(grant.ended_ms, now_ms)
        old.version = document["version"]
        old.in_error = True
        return OK

    def end(self, consent, now_ms):
        """Another takes its place: its grants end, but for those that 2.35 keeps for a time."""
        for grant in consent.grants + consent.earlier:
            if grant.ended_ms <= now_ms:
                continue
            if grant.revocable_from_ms <= now_ms:
                grant.ended_ms = now_ms
            else:
                grant.revocations.append(Revocation(None, now_ms, grant.revocable_from_ms))

    # ---- taking back

    def revoke(self, document, subject, sender, now_ms):
        consent = self.consents.get(document["consent_id"])
        if consent is None or consent.subject != subject or not self.may_revoke(consent, sender):
            return frozenset(["unknown_consent"])
        meant = [grant for grant in consent.grants if document.get("grant_id") in (None, grant.grant_id)]
        if not meant:
            return frozenset(["unknown_consent"])
        recipient = document.get("recipient")
        if recipient and not any(reaches(grant, recipient) for grant in meant):
            return frozenset(["ok", "unknown_recipient"])  # who may see whom the grants name is told, others not
        for grant in meant:
            grant.revocations.append(Revocation(document.get("recipient"), now_ms, max(now_ms, grant.revocable_from_ms)))
        return OK

    # ---- events

    def event(self, told_of, now_ms):
        """`told_of`: type, sender, subject, and of its leading part status, disposition_final, about_id."""
        if told_of.get("about_id") and self.orders(told_of["sender"]):
            self.courts.setdefault((told_of["about_id"], told_of.get("subject")), told_of["sender"])
        for rule in self.policy.events:
            believed = names_of(rule.get("from"), "AGENCY_KIND_")
            if (rule["type"] != told_of["type"] or self.kind_of(told_of["sender"]) not in believed
                    or rule.get("status") and rule["status"] != told_of.get("status")
                    or rule.get("disposition_final") and not told_of.get("disposition_final")):
                continue
            proceeding, whose = told_of.get("about_id"), told_of.get("subject")
            if not proceeding:
                continue
            self.events.setdefault((proceeding, rule["event_code"], whose), {})[told_of["sender"]] = now_ms
            for subject, grants in self.grants.items():
                if whose in (None, subject):
                    for grant in filter(lambda one: self.believes(one.document, subject, told_of["sender"]), grants):
                        happen(grant, rule, proceeding, now_ms)

    # ---- is it a consent on its face?

    def deficiencies(self, document, subject, now_ms):
        wrong = set()
        regime = self.policy.regimes.get(name_of(document.get("regime", ""), "CONSENT_REGIME_"))
        grants = document.get("grants", [])
        if regime is None or document.get("status") != "CONSENT_STATUS_ACTIVE" or not grants:
            return {"consent_deficient"}
        if not all(told(document, path) for path in regime.get("required", ())):
            wrong.add("consent_deficient")
        signature = document.get("signature", {})
        if signature.get("capacity") != "SIGNER_CAPACITY_SELF" and not signature.get("authority_ref"):
            wrong.add("consent_deficient")
        if time_ms(signature.get("signed_at"), 0) > now_ms:
            wrong.add("consent_deficient")
        for grant in grants:
            wrong |= self.grant_deficiencies(document, regime, grant, now_ms)
            signed_ms = time_ms(signature.get("signed_at"), now_ms)
            if self.last_ms(grant, grant.get("expiry", {}).get("event_code"), subject) >= signed_ms:
                wrong.add("consent_expired")
        return wrong | self.combined(grants)

    def grant_deficiencies(self, document, regime, grant, now_ms):
        purposes = names_of(grant.get("purposes"), "PURPOSE_")
        categories = names_of(grant.get("categories"), "CATEGORY_")
        statements = document.get("statements", {})
        tpo = {purpose for purpose in purposes if self.policy.purposes.get(purpose, {}).get("tpo")}
        fine = (
            purposes and "UNSPECIFIED" not in purposes and categories and all(map(self.consentable, categories))
            and self.parties_fine(grant.get("disclosers")) and self.parties_fine(grant.get("recipients"))
            and self.later_fine(regime, grant) and self.intermediary_fine(regime, grant)
            and (not tpo or statements.get("redisclosure_warning") and statements.get("refusal_consequence")))
        wrong = set() if fine else {"consent_deficient"}
        return wrong | self.expiry_wrong(document, grant, tpo >= purposes, now_ms)

    def consentable(self, category):
        """What no rule lets go by consent cannot be consented to: victim information, for instance."""
        return category not in NOBODYS and any(
            rule.permits and (not rule.categories or category in rule.categories)
            and (not rule.bases or "CONSENT" in rule.bases) for rule in self.policy.rules)

    def parties_fine(self, parties):
        return bool(parties) and all(self.party_fine(party) for party in parties)

    def party_fine(self, party):
        kind, agency = name_of(party.get("kind", ""), "PARTY_KIND_"), party.get("agency")
        if kind == "CLASS_TREATING":
            return not agency or bool(self.policy.kind(self.kind_of(agency)).get("treating"))
        return (kind in NAMED and bool(agency) and (kind != "ROLE_IN_AGENCY" or bool(party.get("role")))
                and (kind != "PERSON" or bool(party.get("person"))))

    def later_fine(self, regime, grant):
        """42 CFR 2.35: only to those who monitor, and only under a regime that knows it."""
        later = grant.get("revocable_from")
        if not regime.get("revocable_later"):
            return later is None
        if grant.get("direction") == "GRANT_DIRECTION_TWO_WAY" or grant.get("redisclosure") not in (
                "REDISCLOSURE_RULE_NONE", "REDISCLOSURE_RULE_OFFICIAL_DUTY_CASE"):
            return False  # back it would reach those who do not monitor; on it goes for official duties only
        if later is not None and (bool(later.get("at")) == bool(later.get("event_code")) or (
                later.get("event_code") and not self.event_fine(grant, later["event_code"]))):
            return False
        return all(self.policy.kind(self.kind_of(party.get("agency"))).get("criminal_justice")
                   for party in grant.get("recipients", ()))

    def event_fine(self, grant, code):
        """An event that the policy knows, of a proceeding that the grant names."""
        return any(rule["event_code"] == code for rule in self.policy.events) and bool(grant.get("proceeding_id"))

    def intermediary_fine(self, regime, grant):
        always = regime.get("intermediary") == "INTERMEDIARY_RULE_ALWAYS"
        for_classes = regime.get("intermediary") == "INTERMEDIARY_RULE_FOR_CLASSES" and any(
            party.get("kind") == "PARTY_KIND_CLASS_TREATING" for party in grant.get("recipients", ()))
        return bool(grant.get("intermediary_named")) or not (always or for_classes)

    def expiry_wrong(self, document, grant, all_tpo, now_ms):
        expiry = grant.get("expiry", {})
        if len([key for key in ("at", "event_code", "none_tpo") if expiry.get(key)]) != 1:
            return {"consent_deficient"}
        if expiry.get("none_tpo"):
            return set() if all_tpo else {"consent_deficient"}
        if expiry.get("event_code"):
            return set() if self.event_fine(grant, expiry["event_code"]) else {"consent_deficient"}
        at_ms = time_ms(expiry["at"], 0)
        begins = max(time_ms(grant.get("valid_from"), 0), time_ms(document.get("signature", {}).get("signed_at"), 0))
        wrong = {"consent_deficient"} if at_ms <= begins else set()
        return wrong | ({"consent_expired"} if at_ms <= now_ms else set())

    def combined(self, grants):
        """What needs a consent of its own stands alone in its document (2.31(b), (d); 164.508(b)(3))."""
        for field, prefix, rows in (("categories", "CATEGORY_", self.policy.categories),
                                    ("purposes", "PURPOSE_", self.policy.purposes)):
            named = {name for grant in grants for name in names_of(grant.get(field), prefix)}
            if len(named) > 1 and any(rows.get(name, {}).get("stands_alone") for name in named):
                return {"consent_combined"}
        return set()


def reaches(grant, agency):
    """Or might: whoever is taken out of a class stays out when it comes to belong to it."""
    return any(party.is_agency(agency, treating=True)
               for party in grant.recipients + (grant.disclosers if grant.two_way else []))


def happen(grant, rule, proceeding, now_ms):
    if grant.proceeding != proceeding:
        return
    if grant.expires_on == rule["event_code"]:
        grant.expired_ms = min(grant.expired_ms, now_ms)
    if rule.get("disposition_final") or rule["event_code"] == grant.revocable_on:  # "no later than final disposition"
        grant.revocable_from_ms = min(grant.revocable_from_ms, now_ms)
        for made in grant.revocations:
            made.effective_ms = min(made.effective_ms, max(now_ms, made.asked_ms))


def grant_of(document, row, subject, now_ms):
    later, expiry = row.get("revocable_from", {}), row["expiry"]
    return Grant(
        grant_id=row["grant_id"], consent_id=document["consent_id"], subject=subject,
        disclosers=[party_of(party) for party in row["disclosers"]],
        recipients=[party_of(party) for party in row["recipients"]],
        two_way=row.get("direction") == "GRANT_DIRECTION_TWO_WAY",
        categories=names_of(row["categories"], "CATEGORY_"), purposes=names_of(row["purposes"], "PURPOSE_"),
        proceeding=row.get("proceeding_id", ""), recorded_ms=now_ms, valid_from_ms=time_ms(row.get("valid_from"), 0),
        expires_ms=time_ms(expiry.get("at"), FOREVER), expires_on=expiry.get("event_code"),
        revocable_from_ms=time_ms(later.get("at"), FOREVER if later.get("event_code") else 0),
        revocable_on=later.get("event_code"), regime=name_of(document["regime"], "CONSENT_REGIME_"), document=row)


def party_of(row):
    return Party(name_of(row["kind"], "PARTY_KIND_"), row.get("agency", ""), row.get("role", ""), row.get("person", ""))
