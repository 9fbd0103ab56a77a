using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>The right to act, which ends after so many changes when a test says so.</summary>
internal sealed class Turn : ITurn
{
    /// <summary>How many more changes; null for as many as are wanted.</summary>
    public int? Left { get; set; }

    public bool IsHeld => Left is null || Left-- > 0;
}
