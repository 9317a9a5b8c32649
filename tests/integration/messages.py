"""Messages in JSON, as people write them for the command line."""
import uuid

from envelope import now

SYNTHETIC = "00000000-0000-7000-8000-{:012x}"


def new_id():
    return str(uuid.uuid4())


def part(kind, **content):
    return {"type": kind, "content": content}


def attendance(subject, to="parole-north", grant=None, **more):
    """Protected when a treatment provider sends it."""
    envelope = {"messageId": new_id(), "type": "AttendanceRecord", "recipients": [{"agency": to}], "subject": subject,
                "purpose": "PURPOSE_SUPERVISION_MONITORING",
                "parts": [part("AttendanceRecord", appointmentId=new_id(), status="ATTENDANCE_STATUS_ATTENDED")], **more}
    if grant:
        envelope["basis"] = {"grantId": grant}
    return envelope


def operational(subject, to, kind, content, referral=None, **more):
    envelope = {"messageId": new_id(), "type": kind, "recipients": [{"agency": to}], "subject": subject,
                "purpose": "PURPOSE_REFERRAL_COORDINATION", "basis": {"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"},
                "parts": [part(kind, **content)], **more}
    if referral:
        envelope["referralId"] = referral
    return envelope


def referral(subject, referral_id, to="housing-harbor"):
    return operational(subject, to, "Referral", {
        "serviceId": "harbor-rooms", "reason": "No address after release",
        "desiredOutcomes": [{"id": "outcome-1", "text": "A stable place to live"}]}, referral_id)


def response(subject, referral_id, status, to="parole-north", content=None, **more):
    return operational(subject, to, "ReferralResponse", {
        "status": f"REFERRAL_STATUS_{status}", "worker": {"id": "w-21", "name": "A. Worker"}, **(content or {})},
        referral_id, actor={"id": "w-21"}, **more)


def grant(sources=("treatment-south",), targets=("parole-north",), categories=("ATTENDANCE",),
          purposes=("SUPERVISION_MONITORING",), **more):
    return {
        "grantId": new_id(),
        "disclosers": [{"kind": "PARTY_KIND_AGENCY", "agency": agency} for agency in sources],
        "recipients": [{"kind": "PARTY_KIND_AGENCY", "agency": agency} for agency in targets],
        "intermediaryNamed": True, "categories": [f"CATEGORY_{name}" for name in categories],
        "description": "What the form says", "purposes": [f"PURPOSE_{name}" for name in purposes],
        "direction": "GRANT_DIRECTION_ONE_WAY", "validFrom": now(-3600), "expiry": {"at": now(86400 * 30)},
        "redisclosure": "REDISCLOSURE_RULE_NONE", "attach": ["ATTACHMENT_NOTICE_2"], **more}


def consent(subject, *grants, **more):
    content = {
        "consentId": new_id(), "version": 1, "subjectNameAsSigned": "Sample Person", "status": "CONSENT_STATUS_ACTIVE",
        "regime": "CONSENT_REGIME_PART2",
        "document": {"sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "mediaType": "application/pdf",
                     "formVersion": "1", "language": "en"},
        "signature": {"signer": "Sample Person", "capacity": "SIGNER_CAPACITY_SELF", "method": "SIGNATURE_METHOD_INK",
                      "signedAt": now(-3600)},
        "givenToAgency": "intake-desk", "givenToUser": "desk-1",
        "statements": {"revocationRight": True, "howToRevoke": "In writing", "redisclosureWarning": True,
                       "refusalConsequence": "None"},
        "grants": list(grants), **more}
    return {"messageId": new_id(), "type": "ConsentGrant", "subject": subject, "parts": [part("ConsentGrant", **content)]}


def consent_id(envelope):
    return envelope["parts"][0]["content"]["consentId"]


def revocation(subject, consent_envelope, **more):
    return {"messageId": new_id(), "type": "ConsentRevoke", "subject": subject, "parts": [part(
        "ConsentRevoke", consentId=consent_id(consent_envelope), by="SIGNER_CAPACITY_SELF",
        method="SIGNATURE_METHOD_INK", **more)]}


def of(rows, message):
    """Those collected messages that are this one."""
    return [row for row in rows if row.get("messageId") == message["messageId"]]


def evidence(rows, message):
    """What the exchange said about this message, as kinds."""
    return [entry["content"]["kind"].removeprefix("EVIDENCE_KIND_")
            for row in rows if row["type"] == "DeliveryEvidence"
            for entry in row["parts"] if entry["content"].get("messageId") == message["messageId"]]
