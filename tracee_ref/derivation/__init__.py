"""Events that come from other events: container_create from cgroup_mkdir, signatures from many."""
