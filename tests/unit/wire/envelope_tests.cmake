# The parts of tc_wire that deal with frames, signatures and envelopes.
tc_test(NAME test_digest SOURCES digest_test.c LINKS tc_wire)
tc_test(NAME test_merkle SOURCES merkle_test.c LINKS tc_wire)
tc_test(NAME test_zmtp SOURCES zmtp_test.c LINKS tc_wire)
tc_test(NAME test_zmtp_libzmq SOURCES zmtp_libzmq_test.c LINKS tc_wire PkgConfig::ZMQ)
tc_test(NAME test_fields SOURCES fields_test.c LINKS tc_wire)
tc_test(NAME test_signature SOURCES signature_test.c ../tls/test_authority.c LINKS tc_wire)
tc_test(NAME test_envelope SOURCES envelope_test.c ../tls/test_authority.c LINKS tc_wire)
