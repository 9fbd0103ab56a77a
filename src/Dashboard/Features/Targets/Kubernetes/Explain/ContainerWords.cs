using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Explain;

/// <summary>How containers wait and end, in plain words.</summary>
internal static class ContainerWords
{
    /// <summary>The init step does not understand what it is told (EX_USAGE of sysexits.h).</summary>
    public const int NotUnderstood = 64;

    /// <summary>The init step found other bytes than were promised (EX_DATAERR of sysexits.h).</summary>
    public const int HashMismatch = 65;

    /// <summary>The init step did not reach the store (EX_UNAVAILABLE of sysexits.h).</summary>
    public const int Unavailable = 69;

    /// <summary>The init step could not store what it fetched (EX_IOERR of sysexits.h).</summary>
    public const int NotStored = 74;

    private const int Killed = 137;
    private const int Terminated = 143;
    private const int Longest = 600;

    /// <summary>What is wrong while a container waits, or null when it only waits its turn.</summary>
    /// <param name="status">The container.</param>
    /// <param name="waiting">What it waits for.</param>
    /// <param name="pullSecrets">With which the pod's images are fetched.</param>
    public static string? Trouble(V1ContainerStatus status, V1ContainerStateWaiting waiting, IEnumerable<string> pullSecrets) => waiting.Reason switch
    {
        "ImagePullBackOff" or "ErrImagePull" => Image(waiting, string.Join(", ", pullSecrets)),
        "InvalidImageName" => "The name of its image cannot be read.",
        "ErrImageNeverPull" => "Its image is not on the node, and the node may not fetch it.",
        "ImageInspectError" => "Its image on the node is damaged.",
        "RegistryUnavailable" => "The registry of its image is down.",
        "SignatureValidationFailed" => "The signature of its image is not accepted on the node.",
        "CrashLoopBackOff" => Crash(status),
        "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError" or "PostStartHookError" => $"Its container cannot be made: {Sentence(waiting.Message)}",
        _ => null,
    };

    /// <summary>How a container ended, or null when it did not.</summary>
    public static string? Ended(V1ContainerStateTerminated? end) => end switch
    {
        null => null,
        { Reason: "OOMKilled" } => "It used more memory than the plan gives it and was killed. Give it more memory, or a smaller batch.",
        { Reason: "ContainerCannotRun" or "StartError" } => $"Its program cannot be started: {Sentence(end.Message)}",
        { Reason: "DeadlineExceeded" } => "It took longer than it may.",
        { ExitCode: Killed } => $"It was killed (exit code {Killed}): it did not end in time, failed its check for life, or the node ran out of memory.",
        { ExitCode: Terminated } => "It was told to stop.",
        { ExitCode: 0 } => "It ended by itself, without an error.",
        _ => $"It ended with exit code {end.ExitCode}{Said(end.Message)}",
    };

    /// <summary>How the init step ended, when it did not succeed.</summary>
    public static string FetchEnded(V1ContainerStateTerminated end) => end.ExitCode switch
    {
        NotUnderstood => $"Its image and this dashboard do not go together: choose an image of the runtime that is as new as the dashboard{Said(end.Message)}",
        HashMismatch => $"The files are not the ones that were approved: their SHA-256 differs. Nothing of them is started{Said(end.Message)}",
        Unavailable => $"The version's files could not be fetched{Said(end.Message)}",
        NotStored => $"The version's files could not be stored on the node{Said(end.Message)}",
        _ => $"Fetching the version's files failed. {Ended(end)}",
    };

    /// <summary>How a container that runs again ended before, or null.</summary>
    public static string? LastEnd(V1ContainerStatus status) => status.RestartCount > 0 && status.LastState?.Terminated is { } end
        ? $"It was started again. Before that: {EndOf(status, end)}"
        : null;

    /// <summary>A text of the cluster's as one sentence: a line, not endless, with a full stop.</summary>
    public static string Sentence(string? text)
    {
        var words = string.Join(' ', (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        words = words.Length > Longest ? $"{words[..Longest]}…" : words;
        return words.Length == 0 ? "no reason was given." : words[^1] is '.' or '!' or '?' or '…' ? words : $"{words}.";
    }

    private static string Crash(V1ContainerStatus status) => status.LastState?.Terminated is { } end
        ? $"It ends again and again ({(status.RestartCount == 1 ? "once" : $"{status.RestartCount} times")} so far). {EndOf(status, end)}"
        : "It ends again and again.";

    private static string? EndOf(V1ContainerStatus status, V1ContainerStateTerminated end) => status.Name == PodTemplate.Fetch && end.ExitCode != 0 ? FetchEnded(end) : Ended(end);

    private static string Image(V1ContainerStateWaiting waiting, string pullSecrets)
    {
        var message = waiting.Message ?? "";
        var why = message switch
        {
            _ when Has("not found") || Has("manifest unknown") || Has("name unknown") => "it is not there",
            _ when Has("unauthorized") || Has("authentication required") || Has("denied") || Has("403") || Has("401") =>
                pullSecrets.Length == 0 ? "the registry refuses it to this cluster. The target names no pull secret; an administrator may add one" : $"the registry refuses it to this cluster. Its pull secrets ({pullSecrets}) are missing, too old, or not for this image",
            _ when Has("no such host") || Has("i/o timeout") || Has("connection refused") || Has("dial tcp") => "the registry cannot be reached from the node",
            _ when Has("x509") || Has("certificate") => "the registry's certificate is not trusted on the node",
            _ when Has("toomanyrequests") || Has("429") => "the registry allows no more downloads for now",
            _ when Has("no match for platform") || Has("no matching manifest") => "there is none for the node's architecture",
            _ when Has("no space left") => "the node's disk is full",
            _ => null,
        };
        return why is null
            ? $"Its image cannot be fetched: {(message.StartsWith("Back-off", StringComparison.Ordinal) || message.Length == 0 ? "the node waits before it tries again." : Sentence(message))}"
            : $"Its image cannot be fetched: {why}.";

        bool Has(string text) => message.Contains(text, StringComparison.OrdinalIgnoreCase);
    }

    private static string Said(string? message)
    {
        // The last lines are what the program said before it ended: there the reason stands.
        var lines = (message ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "." : $": {Sentence(string.Join(" / ", lines.TakeLast(3)))}";
    }
}
