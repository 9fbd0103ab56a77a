namespace Ops.Data.Rollouts;

/// <content>Where it is on the steps of its plan's strategy.</content>
public sealed partial class Rollout
{
    /// <summary>The step of the plan's strategy it is at, from 0; as many as there are steps once all are behind it.</summary>
    public int StepIndex { get; private set; }

    /// <summary>When that step's share was reached and its pause began; null while it is not.</summary>
    public DateTimeOffset? StepReachedAt { get; private set; }

    /// <summary>Whether a person said that it leaves that step.</summary>
    public bool IsPromoted { get; private set; }

    /// <summary>What its gates said last, as JSON; null while nothing was judged.</summary>
    public string? GatesJson { get; private set; }

    /// <summary>A person lets it leave the step it is at, whatever is left of its pause.</summary>
    /// <param name="steps">How many steps its plan has.</param>
    public Result Promote(int steps)
    {
        if (State != RolloutState.Running || StepIndex >= steps)
        {
            return Failure.Conflict(State == RolloutState.Running ? "It is at no step that could be left." : $"This rollout is {State}; only one that is under way can be promoted.");
        }

        if (IsPromoted)
        {
            return Failure.Conflict("Somebody promoted it already.");
        }

        IsPromoted = true;
        Revision++;
        return Result.Done;
    }

    /// <summary>The controller begins a step.</summary>
    public void EnterStep(int index)
    {
        BeginStep(index);
        Revision++;
    }

    /// <summary>The share of the step is reached.</summary>
    public void ReachStep(DateTimeOffset now)
    {
        StepReachedAt = now;
        Revision++;
    }

    /// <summary>Keeps what the gates said last.</summary>
    public void Judge(string? gatesJson)
    {
        if (gatesJson != GatesJson)
        {
            GatesJson = gatesJson;
            Revision++;
        }
    }

    private void BeginStep(int index) => (StepIndex, StepReachedAt, IsPromoted, GatesJson) = (index, null, false, null);
}
