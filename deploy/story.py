#!/usr/bin/python3
"""The story that deploy/demo plays: one person's way out of prison through a real exchange.

Every agency acts through its own process with its own certificate over TLS 1.3 on loopback. Each
step prints who sent what to whom, what was released or withheld, and why. What the exchange
answers is checked at each step; the first surprise ends the demo with exit code 1.
"""
import argparse
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from story_network import Network, Surprise, chapter, expect, in_days, new_id, released, say, withheld

AGENCIES = {
    "intake-desk": ("intake", "Intake Desk, State Correctional Facility"),
    "parole-eastside": ("parole", "Eastside Parole Office"),
    "treatment-riverbend": ("treatment", "Riverbend Recovery Clinic"),
    "housing-harbor": ("housing", "Harbor House"),
    "court-county": ("court", "County Court"),
    "probation-west": ("probation", "West Probation Office"),
}
AUDITOR = "auditor-state"
PROCEEDING = "2026-cr-1187"
SPECIMEN = "specimen-7719-of-jordan"


def part(part_type, /, **content):
    return {"type": part_type, "content": content}


class Story:
    def __init__(self, network):
        self.net = network
        self.person = new_id()
        self.treatment_referral = new_id()
        self.housing_referral = new_id()
        self.grants = {}
        self.consents = {}

    # -- what agencies do --------------------------------------------------------------------

    def message(self, kind, recipient, parts, purpose, grant=None, referral=None, **more):
        envelope = {
            "messageId": new_id(), "type": kind, "recipients": [recipient], "subject": self.person,
            "purpose": purpose, "parts": parts, **more,
        }
        if grant:
            envelope["basis"] = {"grantId": self.grants[grant]}
        if referral:
            envelope["referralId"] = referral
        return envelope

    def submit(self, agency, envelope, what):
        receipt = self.net.send(agency, envelope)
        expect(receipt["status"] == "RECEIPT_STATUS_ACCEPTED", f"{what}: {receipt}")
        say(f"{agency} → {self.names(envelope)}: {what} (in custody, log position {receipt.get('logSequence', 0)})", "→")
        return receipt

    @staticmethod
    def names(envelope):
        return ", ".join(r.get("agency") or r.get("service") for r in envelope.get("recipients", [])) or "exchange"

    def received(self, agency, kind, what):
        """Collects at `agency`, acknowledges, and returns the one delivery of this kind."""
        found = [d for d in self.net.collect(agency) if d.get("type") == kind]
        expect(len(found) == 1, f"{agency} should have got one {kind}, got {found}")
        delivery = found[0]
        parts = ", ".join(sorted({p["category"].removeprefix("CATEGORY_").lower() for p in delivery["parts"]}))
        released(f"released to {agency}: {what} [{parts}], because of {self.basis(delivery)}")
        return delivery

    def basis(self, delivery):
        for name, grant in self.grants.items():
            if grant == delivery.get("basis"):
                return f"the person's consent “{name}”"
        return f"the legal basis {delivery.get('basis', 'of the message')}"

    def evidence(self, agency, kind, message_id):
        rows = self.net.collect(agency, 200)
        for row in rows:
            for entry in row["parts"]:
                content = entry.get("content", {})
                if content.get("kind") == kind and content.get("messageId") == message_id:
                    return content
        raise Surprise(f"{agency} got no {kind} for {message_id}: {rows}")

    def referral(self, agency, referral):
        return self.net.run("referral", "show", referral, profile=agency)[0]

    def consent(self, name, grants, regime="CONSENT_REGIME_PART2"):
        self.consents[name] = new_id()
        body = {
            "consentId": self.consents[name], "version": 1, "subjectNameAsSigned": "Jordan Sample",
            "status": "CONSENT_STATUS_ACTIVE", "regime": regime,
            "document": {"sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "mediaType": "application/pdf",
                         "formVersion": "2026-1", "language": "en"},
            "signature": {"signer": "Jordan Sample", "capacity": "SIGNER_CAPACITY_SELF",
                          "method": "SIGNATURE_METHOD_INK", "signedAt": in_days(-0.01)},
            "givenToAgency": "intake-desk", "givenToUser": "desk-7",
            "statements": {"revocationRight": True, "howToRevoke": "In writing to the intake desk",
                           "redisclosureWarning": True, "refusalConsequence": "None for treatment"},
            "grants": grants,
        }
        envelope = {"type": "ConsentGrant", "subject": self.person, "parts": [part("ConsentGrant", **body)]}
        self.submit("intake-desk", envelope, f"consent “{name}”, signed at the desk")

    def grant(self, name, sources, targets, categories, purposes, description, **more):
        self.grants[name] = new_id()
        return {
            "grantId": self.grants[name],
            "disclosers": [{"kind": "PARTY_KIND_AGENCY", "agency": a} for a in sources],
            "recipients": [{"kind": "PARTY_KIND_COURT" if a.startswith("court") else "PARTY_KIND_AGENCY", "agency": a}
                           for a in targets],
            "intermediaryNamed": True,
            "categories": [f"CATEGORY_{c.upper()}" for c in categories],
            "description": description,
            "purposes": [f"PURPOSE_{p.upper()}" for p in purposes],
            "direction": "GRANT_DIRECTION_ONE_WAY",
            "validFrom": in_days(-0.01), "expiry": {"at": in_days(365)},
            "redisclosure": "REDISCLOSURE_RULE_NONE", "attach": ["ATTACHMENT_NOTICE_2"], **more,
        }

    # -- the chapters ------------------------------------------------------------------------

    def open_services(self):
        chapter("1. The providers enter their services into the registry")
        for agency, service, name in (("treatment-riverbend", "riverbend-outpatient", "Outpatient treatment"),
                                      ("housing-harbor", "harbor-rooms", "Supported rooms")):
            self.submit(agency, {"type": "ServiceEntry", "parts": [part(
                "ServiceEntry", serviceId=service, agency=agency, name=name, status="SERVICE_STATUS_ACTIVE")]},
                f"service “{service}”")

    def sign_consents(self):
        chapter("2. Jordan, three weeks before release, signs consents at the intake desk")
        self.consent("treatment to parole", [self.grant(
            "treatment to parole", ["treatment-riverbend"], ["parole-eastside"],
            ["referral_fact", "attendance", "progress", "drug_test"],
            ["referral_coordination", "supervision_monitoring"],
            "Course of the referral, attendance, progress and drug tests",
            proceedingId=PROCEEDING, imposingAuthority="State Parole Board",
            monitorRole="Parole officer who supervises the release",
            durationReason="Length of supervision", redisclosure="REDISCLOSURE_RULE_OFFICIAL_DUTY_CASE",
            revocableFrom={"eventCode": "final_disposition"})], regime="CONSENT_REGIME_PART2_CJ")
        self.consent("court report", [self.grant(
            "court report", ["treatment-riverbend"], ["court-county"],
            ["supervision_conditions", "attendance", "drug_test"], ["legal_proceeding"],
            "Attendance and drug tests, for the review hearing", proceedingId=PROCEEDING)])

    def refer(self):
        chapter("3. The parole officer refers Jordan to treatment and to housing")
        identity = part("PersonIdentity", familyName="Sample", givenNames="Jordan", birthDate="1990-04-02")
        wish = lambda text: [{"id": "outcome-1", "text": text}]
        referral = self.message("Referral", {"service": "riverbend-outpatient"}, [
            part("Referral", serviceId="riverbend-outpatient", reason="Condition of parole",
                 desiredOutcomes=wish("Twelve sessions attended"), mandatory=True, location="LOCATION_CUSTODY"),
            identity], "PURPOSE_REFERRAL_COORDINATION", referral=self.treatment_referral,
            basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
        self.submit("parole-eastside", referral, "referral to outpatient treatment")
        housing = self.message("Referral", {"service": "harbor-rooms"}, [
            part("Referral", serviceId="harbor-rooms", reason="No address after release",
                 desiredOutcomes=wish("Stable place to live for six months")), identity],
            "PURPOSE_REFERRAL_COORDINATION", referral=self.housing_referral,
            basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
        self.submit("parole-eastside", housing, "referral to a supported room")
        self.received("treatment-riverbend", "Referral", "the referral and who it is about")
        self.received("housing-harbor", "Referral", "the referral and who it is about")

    def respond(self, agency, referral, status, grant=None, **content):
        basis = {} if grant else {"basis": {"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"}}
        proceeding = {"proceedingId": PROCEEDING} if grant else {}
        self.submit(agency, self.message("ReferralResponse", {"agency": "parole-eastside"}, [
            part("ReferralResponse", status=f"REFERRAL_STATUS_{status}", worker={"id": "w-21", "name": "A. Worker"},
                 **content)], "PURPOSE_REFERRAL_COORDINATION", grant, referral, **basis, **proceeding),
            f"referral {status.lower().replace('_', ' ')}")

    def treat(self):
        chapter("4. Treatment accepts, and reports what the consent covers")
        clinic, grant = "treatment-riverbend", "treatment to parole"
        self.respond(clinic, self.treatment_referral, "RECEIVED", grant)
        self.respond(clinic, self.treatment_referral, "ACCEPTED", grant)
        for kind, content, what in (
                ("AttendanceRecord", {"appointmentId": new_id(), "status": "ATTENDANCE_STATUS_ATTENDED",
                                      "sessionNumber": 1, "sessionsPlanned": 12}, "first session attended"),
                ("DrugTestResult", {"specimenId": SPECIMEN, "collectedAt": in_days(-0.02), "status": "TEST_STATUS_GIVEN",
                                    "analytes": [{"substance": "opiates", "result": "ANALYTE_RESULT_NEGATIVE"}]},
                 "drug test, negative")):
            self.submit(clinic, self.message(kind, {"agency": "parole-eastside"}, [part(kind, **content)],
                                             "PURPOSE_SUPERVISION_MONITORING", grant, self.treatment_referral,
                                             proceedingId=PROCEEDING), what)
        got = {d["type"]: d for d in self.net.collect("parole-eastside", 200)}
        for kind in ("ReferralResponse", "AttendanceRecord", "DrugTestResult"):
            expect(kind in got, f"parole should have got {kind}, got {sorted(got)}")
        test = got["DrugTestResult"]["parts"][0]
        expect(test.get("sealed") and test["content"]["specimenId"] == SPECIMEN, f"not sealed and opened: {test}")
        expect(not self.net.stored(SPECIMEN), "the exchange's files hold the content of a sealed part")
        released("released to parole-eastside: two responses, attendance and the drug test, "
                 "because of the person's consent “treatment to parole” (42 CFR 2.35)")
        say("the drug test was sealed to parole's certificate by the clinic's program: the exchange decided on its "
            "label, never saw its content, and its files hold no trace of it", "#")
        row = self.referral("parole-eastside", self.treatment_referral)
        expect(row["state"] == "IN_PROGRESS", f"the referral should be in progress: {row}")
        say(f"parole-eastside looks the referral up: {row['state'].lower().replace('_', ' ')}, "
            f"next move: {row.get('nextMove', '')}", "?")

    def report_to_court(self):
        chapter("5. The court gets what the consent for its proceeding covers, and not a part more")
        report = self.court_report = self.message("CourtReport", {"agency": "court-county"}, [
            part("CourtReport", kind="COURT_REPORT_KIND_PROGRESS", summary="Progress report for the review hearing."),
            part("AttendanceNote", title="Attendance", text="Attended every session so far."),
            part("DrugTestNote", title="Tests", text="One test, negative."),
            part("SudCounsellingNote", title="Counselling", text="Spoke about the years before prison.")],
            "PURPOSE_LEGAL_PROCEEDING", "court report", proceedingId=PROCEEDING)
        receipt = self.submit("treatment-riverbend", report, "court report in four parts")
        say(f"the receipt tells the clinic: {receipt['dispositions'][0].get('partsReleased', 0)} parts to be released, "
            f"{receipt['dispositions'][0].get('partsWithheld', 0)} withheld", "?")
        delivery = self.received("court-county", "CourtReport", "the report's cover, attendance and drug tests")
        types = [p["type"] for p in delivery["parts"]]
        expect(types == ["CourtReport", "AttendanceNote", "DrugTestNote"], f"the court got {types}")
        expect("ounselling" not in json.dumps(delivery), "the court can see what was withheld")
        withheld("withheld: the counselling note, which needs a consent of its own (42 CFR 2.31(b)); "
                 "the court cannot even see what it was")
        other = self.message("CourtReport", {"agency": "court-county"}, [
            part("CourtReport", kind="COURT_REPORT_KIND_SPECIAL", summary="For the new charge.")],
            "PURPOSE_LEGAL_PROCEEDING", "court report", proceedingId="2026-cr-2040")
        receipt = self.net.send("treatment-riverbend", other, allow=(3,))
        expect(receipt["refusal"]["code"] == "consent_other_proceeding", f"not refused: {receipt}")
        withheld(f"a report for another proceeding is refused: {receipt['refusal']['message']}")

    def progress_report(self, narrative):
        return self.message("ProgressReport", {"agency": "housing-harbor"}, [
            part("ProgressReport", period={"start": in_days(-7)[:10], "end": in_days(0)[:10]}, narrative=narrative)],
            "PURPOSE_REFERRAL_COORDINATION")

    def hold(self):
        chapter("6. The clinic writes to Harbor House without a consent: held, until Jordan signs one")
        report = self.progress_report("Settles in well.")
        receipt = self.submit("treatment-riverbend", report, "progress report")
        expect(receipt["dispositions"][0]["kind"] == "DISPOSITION_KIND_HELD", f"not held: {receipt}")
        expect(not self.net.collect("housing-harbor"), "Harbor House got something without a consent")
        withheld(f"held, code {receipt['dispositions'][0]['code']}: Harbor House sees nothing, not even that "
                 "there is something")
        self.consent("treatment to housing", [self.grant(
            "treatment to housing", ["treatment-riverbend"], ["housing-harbor"], ["progress", "attendance"],
            ["referral_coordination"], "Progress in treatment")])
        self.received("housing-harbor", "ProgressReport", "the report, by itself, the moment the consent is recorded")
        self.evidence("treatment-riverbend", "EVIDENCE_KIND_RELEASED", report["messageId"])

    def crash(self):
        chapter("7. A message waits for Harbor House; the broker is killed with SIGKILL and started again")
        self.queued = self.progress_report("Attends and takes part.")
        first = self.submit("treatment-riverbend", self.queued, "progress report, still queued")
        before = self.referral("parole-eastside", self.treatment_referral)
        waiting = self.net.run("mailbox", "status", profile="housing-harbor")[0]
        self.net.kill()
        say("kill -9: the broker is gone, without a word", "!")
        self.net.start()
        expect(self.referral("parole-eastside", self.treatment_referral) == before, "the referral has changed")
        expect(self.net.run("mailbox", "status", profile="housing-harbor")[0] == waiting, "the mailbox has changed")
        again = self.net.send("treatment-riverbend", self.queued)
        expect(again.get("repeatedSubmission") and again["logSequence"] == first["logSequence"],
               f"sending again should return the first receipt: {again}")
        released("nothing has changed: same referral, same mailbox, and sending the message again returns the "
                 f"first receipt (log position {first['logSequence']})")

    def revoke(self):
        chapter("8. Jordan revokes the consent “treatment to housing” while that report is queued")
        self.submit("intake-desk", {"type": "ConsentRevoke", "subject": self.person, "parts": [part(
            "ConsentRevoke", consentId=self.consents["treatment to housing"], by="SIGNER_CAPACITY_SELF",
            method="SIGNATURE_METHOD_INK", reasonCode="person_asked")]}, "revocation, in writing")
        kinds = [d["type"] for d in self.net.collect("housing-harbor")]
        expect("ProgressReport" not in kinds, f"Harbor House got {kinds}")
        self.evidence("treatment-riverbend", "EVIDENCE_KIND_RECALLED", self.queued["messageId"])
        withheld("recalled: Harbor House's mailbox no longer has the progress report, and the clinic is told so")

    def house(self):
        chapter("9. Harbor House gives Jordan a room, and reports how it ended")
        for status in ("RECEIVED", "ACCEPTED", "IN_PROGRESS"):
            self.respond("housing-harbor", self.housing_referral, status)
        self.submit("housing-harbor", self.message("OutcomeReport", {"agency": "parole-eastside"}, [
            part("OutcomeReport", endState="END_STATE_COMPLETED", outcomes=[
                {"desiredId": "outcome-1", "achievement": "ACHIEVEMENT_ACHIEVED", "evidence": "Lease seen"}]),
            part("HousingOutcome", stable=True, type="own_tenancy")], "PURPOSE_REFERRAL_COORDINATION",
            referral=self.housing_referral, basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"}),
            "outcome: housed, in a tenancy of their own")
        outcome = [d for d in self.net.collect("parole-eastside", 200) if d["type"] == "OutcomeReport"]
        expect(len(outcome) == 1, "parole should have got the outcome")
        released("released to parole-eastside: the outcome [progress, housing], because of the legal basis "
                 "non_part2_operational (no part 2 programme made it)")

    def attend(self, session):
        return self.message("AttendanceRecord", {"agency": "parole-eastside"}, [part(
            "AttendanceRecord", appointmentId=new_id(), status="ATTENDANCE_STATUS_ATTENDED", sessionNumber=session,
            sessionsPlanned=12)], "PURPOSE_SUPERVISION_MONITORING", "treatment to parole", self.treatment_referral,
            proceedingId=PROCEEDING)

    def hearing(self):
        chapter("10. Jordan revokes what parole gets, which the law lets take effect with the final disposition")
        receipt = self.submit("intake-desk", {"type": "ConsentRevoke", "subject": self.person, "parts": [part(
            "ConsentRevoke", consentId=self.consents["treatment to parole"], by="SIGNER_CAPACITY_SELF",
            method="SIGNATURE_METHOD_INK", reasonCode="person_asked")]}, "revocation of “treatment to parole”")
        expect(receipt["dispositions"][0].get("code") == "revocation_pending", f"not pending: {receipt}")
        say("recorded, and it waits: 42 CFR 2.35(c) lets it take effect when the proceeding has ended", "?")
        self.submit("treatment-riverbend", self.attend(2), "second session attended")
        self.received("parole-eastside", "AttendanceRecord", "attendance, as before")
        self.submit("court-county", self.message("HearingResult", {"agency": "parole-eastside"}, [part(
            "HearingResult", hearingId="hearing-1", result="discharged", dispositionFinal=True,
            proceedingId=PROCEEDING)], "PURPOSE_REFERRAL_COORDINATION", proceedingId=PROCEEDING,
            basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"}), "hearing: final disposition")
        receipt = self.submit("treatment-riverbend", self.attend(3), "third session attended")
        expect(receipt["dispositions"][0]["kind"] == "DISPOSITION_KIND_HELD", f"not held: {receipt}")
        withheld("held: the revocation has taken effect by itself, and parole was told that no more comes under "
                 "that consent")

    def close(self):
        chapter("11. Parole has seen how it ended, and closes the loop")
        self.submit("parole-eastside", self.message("LoopClosed", {"agency": "housing-harbor"}, [
            part("LoopClosed", decision="LOOP_DECISION_ACCEPTED")], "PURPOSE_REFERRAL_COORDINATION",
            referral=self.housing_referral, basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"}), "loop closed")
        row = self.referral("parole-eastside", self.housing_referral)
        expect(row["state"] == "COMPLETED" and "loopClosedAt" in row, f"the loop is not closed: {row}")
        for step in row.get("steps", []):
            say(f"{step['at'][:19]}  {step.get('by', ''):<22} {step.get('toState', '').lower().replace('_', ' ')}", "·")

    def command(self, agency, *words, allow=(0,)):
        say(f"{agency}: throughcare {' '.join(words)}", "$")
        return self.net.run(*words, profile=agency, allow=allow)

    def contest(self):
        chapter("12. Two officers ask for the last bed; one of them gets it, for Sam")
        sam, referral, lease = new_id(), new_id(), new_id()
        self.command("housing-harbor", "capacity", "set", "--service", "harbor-rooms", "--unit", "bed", "--available", "1")
        hold = ("capacity", "hold", "--service", "harbor-rooms", "--unit", "bed", "--until", in_days(2))
        self.command("housing-harbor", *hold, "--lease", lease, "--actor", "w-21")
        refused = self.command("probation-west", *hold, "--actor", "w-9", allow=(3,))
        expect(refused[0]["refusal"]["code"] == "no_capacity", f"the bed was promised twice: {refused}")
        withheld(f"the other officer is told at once: {refused[0]['refusal']['message']}")
        envelope = self.message("Referral", {"service": "harbor-rooms"}, [
            part("Referral", serviceId="harbor-rooms", reason="Released tomorrow", releaseDate=in_days(1)[:10],
                 contact={"id": "w-104"}, desiredOutcomes=[{"id": "outcome-1", "text": "A place to sleep"}])],
            "PURPOSE_REFERRAL_COORDINATION", referral=referral, basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
        envelope["subject"] = sam
        self.submit("parole-eastside", envelope, "Sam's referral; the release is tomorrow")
        self.net.collect("housing-harbor")
        for words in (("receive", "--worker", "w-21"), ("offer", "--lease", lease, "--until", in_days(1))):
            self.command("housing-harbor", "referral", "move", referral, *words)
        self.net.collect("parole-eastside", 200)
        row = self.command("parole-eastside", "caseload", "--officer", "w-104")[0]
        expect(row["referralId"] == referral and "release_1d" in row["risks"], f"not first on the list: {row}")
        say(f"first on the officer's list: {', '.join(row['risks'])}; to do: {row['nextStep']}", "?")
        self.command("parole-eastside", "referral", "move", referral, "accept")
        return sam, referral

    def miss(self, sam, referral):
        chapter("13. Sam misses an appointment; parole reports to the court, which sets a hearing")
        meeting = new_id()
        self.command("housing-harbor", "referral", "move", referral, "schedule", "--start", in_days(0.01),
                     "--appointment", meeting)
        missed = self.message("AttendanceRecord", {"agency": "parole-eastside"}, [part(
            "AttendanceRecord", appointmentId=meeting, status="ATTENDANCE_STATUS_DID_NOT_ATTEND",
            absenceReason="ABSENCE_REASON_UNACCEPTABLE")], "PURPOSE_REFERRAL_COORDINATION", referral=referral,
            basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
        missed["subject"] = sam
        self.submit("housing-harbor", missed, "Sam did not come, and gave no reason")
        self.net.collect("parole-eastside", 200)
        row = self.command("parole-eastside", "appointment", "list", referral)[0]
        expect(row["state"] == "DID_NOT_ATTEND", f"not missed: {row}")
        for sender, to, kind in (("parole-eastside", "court-county", "ViolationReport"),
                                 ("court-county", "parole-eastside", "HearingNotice")):
            envelope = self.net.run("message", "template", kind)[0]
            envelope.update(recipients=[{"agency": to}], subject=sam,
                            basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
            if kind == "ViolationReport":
                envelope["parts"][0]["content"]["violations"][0]["evidenceRefs"] = [missed["messageId"]]
            self.submit(sender, envelope, f"{kind}, {'which cites that record' if to == 'court-county' else 'to the office'}")
            self.net.collect(to, 200)

    def verify(self, sam, referral):
        chapter("14. Sam moves in after all; the outcome is verified, and the loop is closed")
        self.command("housing-harbor", "referral", "move", referral, "start")
        self.command("housing-harbor", "referral", "move", referral, "complete", "--outcome", "outcome-1=achieved")
        claim = self.message("HousingVerification", {"agency": "parole-eastside"}, [part(
            "HousingVerification", afterDays=30, stillHoused="STILL_HOLDS_YES", asOf=in_days(0)[:10],
            sourceCode="visit")], "PURPOSE_REFERRAL_COORDINATION", referral=referral,
            basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
        claim["subject"] = sam
        self.submit("housing-harbor", claim, "still housed, seen on a visit")
        self.command("parole-eastside", "referral", "move", referral, "close")
        row = self.referral("parole-eastside", referral)
        expect(row["state"] == "COMPLETED" and "loopClosedAt" in row, f"the loop is not closed: {row}")
        for step in row["timeline"]:
            say(f"{step.get('occurredAt', '')[:19]}  {step.get('by', ''):<18} {step['event']:<9} "
                f"{step.get('code', '') or step.get('messageType', '')}", "·")

    def second_person(self):
        sam, referral = self.contest()
        self.miss(sam, referral)
        self.verify(sam, referral)

    def audit(self):
        chapter("15. The auditor reads the trail of this person")
        rows = self.net.run("trail", "find", "--subject", self.person, profile=AUDITOR)
        events = {}
        for row in rows:
            events[row["event"]] = events.get(row["event"], 0) + 1
        for event in ("submission", "release", "settlement", "recall", "refusal"):
            expect(events.get(event), f"the trail has no {event}: {events}")
        for row in rows:
            if row["event"] in ("release", "recall", "refusal") and row.get("agency") != "exchange":
                what = ", ".join(c.lower() for c in row.get("categories", []))
                say(f"#{row.get('logSequence', 0):<4} {row['event']:<9} {row.get('messageType', ''):<17} "
                    f"{row.get('agency', '')} → {row.get('recipient', '')} {f'[{what}]' if what else ''} "
                    f"{row.get('code', '')}", "·")
        say("evidence from the exchange to the senders is left out here")
        say("in all: " + ", ".join(f"{count} {event}" for event, count in sorted(events.items())), "=")
        say("why did the court get its report, and why not all of it? `trail why` says:", "?")
        for line in self.net.words("trail", "why", self.court_report["messageId"], profile=AUDITOR).splitlines():
            print(f"      {line}")
        refused = self.net.run("trail", "find", "--subject", self.person, profile="housing-harbor", allow=(0, 3))
        expect(not any(row.get("event") == "release" and row.get("recipient") == "court-county" for row in refused),
               "housing can see what the court got")

    def play(self):
        for step in (self.open_services, self.sign_consents, self.refer, self.treat, self.report_to_court,
                     self.hold, self.crash, self.revoke, self.house, self.hearing, self.close, self.second_person, self.audit):
            step()


def go_on(network, person):
    chapter("The network is running. Go on by hand:")
    cli, folder = os.path.relpath(network.cli), network.folder
    for line in (
            f"{cli} --profile {folder}/profiles/parole-eastside caseload",
            f"{cli} --profile {folder}/profiles/{AUDITOR} trail find --subject {person}",
            f"{cli} --profile {folder}/profiles/{AUDITOR} trail whatif --subject {person} --at {in_days(400)}",
            f"{cli} message template ProgressReport",
            f"{cli} --profile {folder}/profiles/treatment-riverbend doctor",
            f"kill $(cat {folder}/throughcared.pid)        # stop the broker"):
        print(f"    {line}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", required=True, help="folder of throughcare and throughcared")
    parser.add_argument("--keep", metavar="DIR", help="leave the network running in DIR")
    options = parser.parse_args()

    folder = os.path.abspath(options.keep) if options.keep else tempfile.mkdtemp(prefix="throughcare-demo-")
    if options.keep and os.path.exists(folder) and os.listdir(folder):
        print(f"error: {folder} is not empty\nhint: name a new folder, or remove it first", file=sys.stderr)
        return 2
    network = Network(os.path.abspath(options.programs), folder)
    if not options.keep:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    started = time.monotonic()
    try:
        network.make(AGENCIES, AUDITOR)
        network.start()
        story = Story(network)
        story.play()
    except (Surprise, subprocess.TimeoutExpired) as problem:
        print(f"error: the demo stopped: {problem}", file=sys.stderr)
        network.stop()
        return 1
    print(f"\nPlayed in {time.monotonic() - started:.1f} s.")
    if options.keep:
        go_on(network, story.person)
    else:
        network.stop()
        print("To keep the network and go on by hand: deploy/demo --keep my-network")
    return 0


if __name__ == "__main__":
    sys.exit(main())
