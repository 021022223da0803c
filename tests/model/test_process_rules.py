# SPDX-License-Identifier: Apache-2.0
"""Examples of the rules about processes (4, 8 to 12): filters, facts, the result."""

import pytest

from tests.model.filter_text import process, scope
from tests.model.holding import conditions_hold
from tracee_ref.model.match import process_filters_hold
from tracee_ref.model.scope import COMM_BYTES

VECTORS = """
4  uid=0              uid:0                 yes
4  uid=0              uid:1                 no
4  uid=0,5            uid:5                 yes
4  uid=0,5            uid:4                 no
4  uid!=0,5           uid:5                 no
4  uid!=0,5           uid:0                 no
4  uid!=0,5           uid:4                 yes
4  uid=0|uid!=0       uid:0                 no
4  uid=0|uid!=0       uid:1                 no
4  uid=0|uid!=5       uid:0                 yes
4  uid=0|uid!=5       uid:1                 no
4  uid=5|uid>10       uid:5                 no
4  uid=5|uid>10       uid:11                no
4  uid=5,11|uid>10    uid:11                yes
4  uid>0|uid<10       uid:0                 no
4  uid>0|uid<10       uid:1                 yes
4  uid>0|uid<10       uid:9                 yes
4  uid>0|uid<10       uid:10                no
4  uid>=1|uid<=9      uid:0                 no
4  uid>=1|uid<=9      uid:1                 yes
4  uid>=1|uid<=9      uid:9                 yes
4  uid>=1|uid<=9      uid:10                no
4  uid>5,10           uid:7                 no
4  uid>5,10           uid:10                no
4  uid>5,10           uid:11                yes
4  uid<5,10           uid:5                 no
4  uid<5,10           uid:4                 yes
4  uid=0|comm=a       uid:0|comm:a          yes
4  uid=0|comm=a       uid:0|comm:b          no
4  uid=0|comm=a       uid:1|comm:a          no
8  comm=bash          comm:bash             yes
8  comm=bash          comm:bas              no
8  comm=bash          comm:bash2            no
8  comm=ba*           comm:bash             yes
8  comm=ba*           comm:ba               yes
8  comm=ba*           comm:xba              no
8  comm=*sh           comm:bash             yes
8  comm=*sh           comm:sh               yes
8  comm=*sh           comm:shx              no
8  comm=*as*          comm:bash             yes
8  comm=*as*          comm:as               yes
8  comm=*as*          comm:a-s              no
8  comm!=*as*         comm:bash             no
8  comm=BASH          comm:bash             no
8  comm=a,*z          comm:xyz              yes
8  comm=*a|comm!=b*   comm:ca               yes
8  comm=*a|comm!=b*   comm:ba               no
8  uts=web1           uts:web1              yes
8  uts=web*           uts:web1              yes
8  uts=web*           uts:db                no
8  uts!=web*          uts:db                yes
8  uts=web1           comm:web1             no
9  uid<=4294967295    uid:4294967295        yes
9  uid>2147483647     uid:2147483648        yes
9  uid<0              uid:0                 no
9  pid=7              pid:7|tid:8           yes
9  pid=8              pid:7|tid:8           yes
9  pid=9              pid:7|tid:8           no
9  pid!=7             pid:7|tid:8           no
9  pid!=8             pid:7|tid:8           no
9  pid!=9             pid:7|tid:8           yes
9  pid=8|pid!=7       pid:7|tid:8           no
9  pid<8              pid:7|tid:8           yes
9  pid>7              pid:7|tid:8           no
9  pid>=8             pid:7|tid:8           no
9  pid<=7             pid:7|tid:8           yes
9  pid=8|pid<8        pid:7|tid:8           yes
9  pid=new            pid:7|new:1           yes
9  pid=new            pid:7                 no
9  pid!=new           pid:7|new:1           no
9  pid!=new           pid:7                 yes
9  pid=new,7          pid:7                 yes
9  mntns=3            mntns:3|pidns:4       yes
9  mntns=4            mntns:3|pidns:4       no
9  mntns!=4           mntns:3|pidns:4       yes
9  pidns=4            mntns:3|pidns:4       yes
9  pidns!=4           mntns:3|pidns:4       no
9  mntns=18446744073709551615 mntns:18446744073709551615 yes
10 binary=/bin/ls     binary:3:/bin/ls      yes
10 binary=/bin/ls     binary:3:/bin/lsof    no
10 binary=/bin/ls     pid:7                 no
10 binary!=/bin/ls    pid:7                 yes
10 binary=3:/bin/ls   binary:3:/bin/ls      yes
10 binary=4:/bin/ls   binary:3:/bin/ls      no
10 binary=4:/bin/ls,/bin/ls binary:3:/bin/ls yes
10 binary=4:/bin/ls,/bin/id binary:3:/bin/id yes
10 binary!=4:/bin/ls  binary:3:/bin/ls      yes
10 binary!=3:/bin/ls  binary:3:/bin/ls      no
10 binary=/bin/ls|binary!=3:/bin/ls binary:3:/bin/ls no
10 binary=/bin/ls|binary!=3:/bin/ls binary:4:/bin/ls yes
11 container          container:abc         yes
11 container          pid:7                 no
11 !container         container:abc         no
11 !container         pid:7                 yes
11 container|!container pid:7               no
11 container|!container container:abc       no
11 container=new      container:abc,new     yes
11 container=new      container:abc         no
11 container=new      pid:7                 no
11 container!=new     container:abc         yes
11 container!=new     container:abc,new     no
11 container!=new     pid:7                 no
11 container=new|pid!=new container:abc,new  yes
11 container!=new|pid=new container:abc|new:1 yes
11 container=new|pid=new  container:abc|new:1 no
11 container=ab       container:abc         yes
11 container=abc      container:abc         yes
11 container=bc       container:abc         no
11 container=abcd     container:abc         no
11 container=ab       pid:7                 no
11 container!=ab      container:abc         no
11 container!=ab      container:xyz         yes
11 container!=ab      pid:7                 no
11 container=new,x    container:abc,new     yes
12 tree=5             pid:5|ancestry:5,1    yes
12 tree=1             pid:5|ancestry:5,1    yes
12 tree=2             pid:5|ancestry:5,1    no
12 tree!=1            pid:5|ancestry:5,1    no
12 tree!=2            pid:5|ancestry:5,1    yes
12 tree=1|tree!=5     pid:5|ancestry:5,1    no
12 tree=2,1           pid:5|ancestry:5,1    yes
"""


def rows() -> list[tuple[str, str, bool]]:
    lines = [line.split() for line in VECTORS.strip().splitlines()]
    return [(filters, facts, verdict == "yes") for _, filters, facts, verdict in lines]


@pytest.mark.parametrize(("filters", "facts", "holds"), rows())
def test_process_filters(filters: str, facts: str, holds: bool) -> None:
    tested_scope, of = scope(filters.replace("|", " ")), process(facts.replace("|", " "))
    assert process_filters_hold(tested_scope, of) is holds
    assert conditions_hold(tuple(tested_scope.conditions), of) is holds


@pytest.mark.parametrize("length", [0, COMM_BYTES])
def test_comm_of_fifteen_bytes(length: int) -> None:
    """Rule 8."""
    text = "x" * length
    assert process_filters_hold(scope(f"comm={text}"), process(f"comm:{text}"))


def test_no_filters_match_all() -> None:
    """Without filters every process matches."""
    assert process_filters_hold(scope(), process("pid:1"))
