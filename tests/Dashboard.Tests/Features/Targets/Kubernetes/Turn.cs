using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>The right to act, for as long as a test says.</summary>
internal sealed class Turn : ITurn
{
    /// <summary>Whether it is held at this moment.</summary>
    public Func<bool> Holds { get; set; } = () => true;

    public string Holder => "tests";

    public bool IsHeld => Holds();
}
