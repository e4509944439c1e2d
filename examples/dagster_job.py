"""A flow of memproc as an op of Dagster, which starts it again where it fails."""

from typing import Any

import dagster
from flow_task import night, prepared


@dagster.op(config_schema={"flow": str, "store": str, "source": str}, retry_policy=dagster.RetryPolicy(max_retries=2, delay=1))
def memories(context: dagster.OpExecutionContext) -> dict[str, Any]:
    """Run the steps of the file, or go on with them."""
    told = context.op_config
    done = night(told["flow"], told["store"], source=told["source"])
    context.add_output_metadata({"run": done["run"], "stored": done["load"]["stored"]})
    return done


@dagster.job
def nightly() -> None:
    """Have a night."""
    memories()


definitions = dagster.Definitions(jobs=[nightly])

if __name__ == "__main__":
    flow, store, source = prepared()
    config = {"ops": {"memories": {"config": {"flow": flow, "store": store, "source": source}}}}
    done = nightly.execute_in_process(run_config=config).output_for_node("memories")
    print("run", done["run"], "is", done["status"], "and stored", done["load"]["stored"])
