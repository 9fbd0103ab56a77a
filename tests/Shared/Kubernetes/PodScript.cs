namespace Ops.Testing.Kubernetes;

/// <summary>What happens to the containers of a pod.</summary>
internal enum PodEnding
{
    /// <summary>They run and become ready.</summary>
    Ready,

    /// <summary>They run and their readiness probe fails.</summary>
    NeverReady,

    /// <summary>They exit again and again.</summary>
    Crash,

    /// <summary>Their image cannot be pulled.</summary>
    ImageMissing,

    /// <summary>The first init container exits again and again.</summary>
    InitFails,
}

/// <summary>How a kubelet of the double treats a pod. All times go by the double's clock; without any the pod is where it ends up at once.</summary>
internal sealed record PodScript
{
    /// <summary>Ready at once.</summary>
    public static PodScript Ready { get; } = new();

    /// <summary>How it ends up.</summary>
    public PodEnding Ending { get; init; } = PodEnding.Ready;

    /// <summary>How long the image takes to pull.</summary>
    public TimeSpan Pull { get; init; }

    /// <summary>How long init containers run.</summary>
    public TimeSpan Init { get; init; }

    /// <summary>How long containers run until they are ready, or until they crash.</summary>
    public TimeSpan Start { get; init; }

    /// <summary>How long containers take to stop once the pod is deleted.</summary>
    public TimeSpan Stop { get; init; }

    /// <summary>The code of a crash; 137 with <see cref="Reason"/> OOMKilled for a container that used too much memory.</summary>
    public int ExitCode { get; init; } = 1;

    /// <summary>The reason of a crash.</summary>
    public string Reason { get; init; } = "Error";

    /// <summary>The termination message, or what the probe or the image pull said.</summary>
    public string Message { get; init; } = "";

    /// <summary>Lines in the log of each run.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];

    /// <summary>Ready after a while.</summary>
    public static PodScript ReadyAfter(TimeSpan start) => new() { Start = start };

    /// <summary>Exits with a code after writing its last words.</summary>
    public static PodScript CrashLoop(int exitCode, params string[] log) => new() { Ending = PodEnding.Crash, ExitCode = exitCode, Log = log };

    /// <summary>Uses more memory than it may.</summary>
    public static PodScript OutOfMemory { get; } = new() { Ending = PodEnding.Crash, ExitCode = 137, Reason = "OOMKilled" };

    /// <summary>Has an image that is not there.</summary>
    public static PodScript NoImage { get; } = new() { Ending = PodEnding.ImageMissing, Message = "not found" };

    /// <summary>Fails to fetch what it should serve.</summary>
    public static PodScript InitFailure(string message) => new() { Ending = PodEnding.InitFails, Message = message, Log = [message] };

    /// <summary>Never passes its readiness probe.</summary>
    public static PodScript FailingProbe { get; } = new() { Ending = PodEnding.NeverReady, Message = "Readiness probe failed: HTTP probe failed with statuscode: 503" };
}
