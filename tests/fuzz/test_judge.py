"""The judge on made-up answers: that it can fail, and what for. `python3 -m unittest discover tests/fuzz`"""

import json
import unittest

from judge import CLIENT_ERRORS, codes, fault, faults_in_log, figures, verdict

FINE = {"operation": "Query.log", "status": 200, "codes": [], "seconds": 0.002, "fault": None}
REFUSED = {**FINE, "operation": "Query.user", "codes": ["BAD_USER_INPUT"]}
FAULTY = {**FINE, "operation": "Query.users", "fault": "status 500"}


def errors(*found):
    return json.dumps({"errors": [{"message": "no", "extensions": {"code": code}} for code in found]})


class OneAnswer(unittest.TestCase):
    def test_data_is_fine(self):
        self.assertIsNone(fault(200, '{"data": {"user": null}}', 0.1))

    def test_every_error_of_the_clients_is_fine_also_beside_data(self):
        for code in CLIENT_ERRORS:
            self.assertIsNone(fault(200, errors(code), 0.1), code)
            self.assertIsNone(fault(400, errors(code), 0.1), code)
        beside = json.dumps({"data": {"user": None}, **json.loads(errors("MOMENT_OUT_OF_RANGE"))})
        self.assertIsNone(fault(200, beside, 0.1))

    def test_an_error_of_the_servers_is_a_fault_also_beside_one_of_the_clients(self):
        for code in ["INTERNAL_SERVER_ERROR", "TIMEOUT", "OVERLOADED", "OUTCOME_UNKNOWN", "NOT_YET_VISIBLE"]:
            self.assertIn(code, fault(200, errors(code), 0.1))
            self.assertIn(code, fault(200, errors("BAD_USER_INPUT", code), 0.1))

    def test_an_error_with_an_unknown_code_or_none_is_a_fault(self):
        self.assertIn("NEW_CODE", fault(200, errors("NEW_CODE"), 0.1))
        for body in ['{"errors": [{"message": "no"}]}', '{"errors": ["no"]}', '{"errors": [{"extensions": 1}]}']:
            self.assertIn("(none)", fault(200, body, 0.1), body)

    def test_a_status_from_500_on_is_a_fault_whatever_the_body(self):
        for status in [500, 502, 503]:
            self.assertIn(str(status), fault(status, '{"data": {}}', 0.1))

    def test_a_hang_is_a_fault(self):
        self.assertIn("10.1 s", fault(200, '{"data": {}}', 10.1))
        self.assertIsNone(fault(200, '{"data": {}}', 9.9))

    def test_what_is_no_graphql_answer_is_a_fault(self):
        for body in ["", "oops", "[]", "{}", "null", '{"data": null}', '{"data": 1}', '{"errors": []}']:
            self.assertIsNotNone(fault(200, body, 0.1), body)

    def test_codes_are_read_from_whatever_came(self):
        self.assertEqual(codes(errors("A", "B")), ["A", "B"])
        for body in ["", "[]", '{"data": {}}', '{"errors": 1}']:
            self.assertEqual(codes(body), [], body)


class AWholeRun(unittest.TestCase):
    def test_a_good_run_has_nothing_wrong(self):
        self.assertEqual(verdict([FINE, REFUSED], "INFO listening\n", 0, 0), [])

    def test_each_thing_that_can_be_wrong_fails_it(self):
        panic = "thread 'tokio-runtime-worker' panicked at src/read/users/query.rs:1:1:"
        error = "2026-11-24T11:00:00Z ERROR hindsight::graphql::errors: a request failed through a fault of ours"
        for answers, log, ended, tool, reason in [
            ([FINE, REFUSED, FAULTY], "", 0, 0, "Query.users: status 500"),
            ([FINE, REFUSED], panic, 0, 0, "panicked"),
            ([FINE, REFUSED], error, 0, 0, "a fault of ours"),
            ([FINE, REFUSED], "", -9, 0, "the server ended with -9"),
            ([FINE, REFUSED], "", 0, 1, "schemathesis ended with 1"),
            ([REFUSED], "", 0, 0, "nothing was looked at"),
            ([FINE], "", 0, 0, "not bad enough"),
        ]:
            wrong = verdict(answers, log, ended, tool)
            self.assertEqual(len(wrong), 1, wrong)
            self.assertIn(reason, wrong[0])

    def test_a_run_without_requests_fails(self):
        self.assertEqual(len(verdict([], "", 0, 0)), 2)

    def test_other_lines_of_the_log_are_fine(self):
        self.assertEqual(faults_in_log("INFO ok\n WARN slow\nthe word ERROR: in a text\n"), [])

    def test_figures_count_requests_by_what_came_and_show_the_slowest(self):
        twice = {**REFUSED, "codes": ["BAD_USER_INPUT", "BAD_USER_INPUT", "COST_LIMIT"], "seconds": 1.5}
        lines = [line.split() for line in figures([FINE, REFUSED, twice], slowest=1).splitlines()]
        self.assertEqual(lines[0], ["3", "requests", "to", "2", "root", "fields"])
        self.assertIn(["2", "BAD_USER_INPUT"], lines)
        self.assertIn(["1", "COST_LIMIT"], lines)
        self.assertIn(["1", "no", "error"], lines)
        self.assertEqual(lines[-1], ["1,500", "ms", "Query.user"])


if __name__ == "__main__":
    unittest.main()
