namespace Ops.Dashboard.Features.Targets;

/// <summary>
/// Whether this process is the one that acts on targets at this moment. Asked before each change of a pass rather than before the pass: a process
/// can be stopped in the middle of one and go on long after another has taken over.
/// </summary>
internal interface ITurn
{
    /// <summary>Whether it may act now.</summary>
    bool IsHeld { get; }

    /// <summary>What this process is called among those that take turns.</summary>
    string Holder { get; }
}
