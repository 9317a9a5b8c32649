"""Certificates that must not be let in, made with openssl beside the network's own authority."""
import os
import subprocess


def openssl(*words, **options):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, **options)


class Impostor:
    """A profile folder whose certificate has something wrong with it."""

    def __init__(self, network, folder, uri="spiffe://test.example/agency/parole-north", ca=None, days="1", dates=None):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        key, request, certificate = (os.path.join(self.folder, name) for name in ("key.pem", "request.pem", "certificate.pem"))
        extensions = os.path.join(self.folder, "extensions.cnf")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", "/CN=impostor", "-out", request)
        with open(extensions, "w", encoding="utf-8") as lines:
            lines.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                        "extendedKeyUsage=clientAuth\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
            if uri:
                lines.write(f"subjectAltName=URI:{uri}\n")
        ca = ca or os.path.join(network, "ca")
        command = ["x509", "-req", "-in", request, "-CA", f"{ca}/ca.pem", "-CAkey", f"{ca}/ca.key", "-extfile", extensions,
                   "-set_serial", "0x" + os.urandom(15).hex(), "-out", certificate]
        if dates:
            # x509 has no dates of its own here: the clock it reads is moved.
            subprocess.run(["faketime", dates, "openssl", *command, "-days", days], check=True, capture_output=True)
        else:
            openssl(*command, "-days", days)
        for name, source in (("ca.pem", os.path.join(network, "ca", "ca.pem")),
                             ("address", os.path.join(network, "profiles", "parole-north", "address"))):
            with open(source, "rb") as lines, open(os.path.join(self.folder, name), "wb") as copy:
                copy.write(lines.read())


def other_authority(folder):
    """A self-signed authority that nobody here trusts."""
    os.makedirs(folder, exist_ok=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=elsewhere",
            "-days", "2", "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem")
    return str(folder)
