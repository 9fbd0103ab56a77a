using k8s.Models;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Explain;

/// <summary>Events of the cluster in plain words. Pure.</summary>
internal static class EventWords
{
    /// <summary>How loud an event is and what it says; null when people need not read it.</summary>
    public static (RolloutEventLevel Level, string Message)? Explain(Corev1Event happened)
    {
        var of = $"{happened.InvolvedObject?.Kind} {happened.InvolvedObject?.Name}";
        var said = ContainerWords.Sentence(happened.Message);
        return (happened.Reason, happened.Type) switch
        {
            ("FailedScheduling", _) => (RolloutEventLevel.Warning, $"{of} finds no node. {SchedulerWords.Explain(happened.Message)}"),
            ("FailedCreate", _) => (RolloutEventLevel.Error, FailedCreate(of, happened.Message ?? "")),
            ("Unhealthy", _) => (RolloutEventLevel.Warning, Unhealthy(of, happened.Message ?? "")),
            ("BackOff", _) => (RolloutEventLevel.Warning, (happened.Message ?? "").Contains("pulling image", StringComparison.Ordinal)
                ? $"{of}: its image could not be fetched, and the node waits before it tries again."
                : $"{of} ended again, and the node waits before it starts it anew."),
            ("Failed", "Warning") => (RolloutEventLevel.Error, $"{of}: {said}"),
            ("OOMKilling" or "SystemOOM", _) => (RolloutEventLevel.Error, $"{of} ran out of memory: {said}"),
            ("Evicted", _) => (RolloutEventLevel.Warning, $"{of} was evicted by its node: {said}"),
            ("Preempted", _) => (RolloutEventLevel.Warning, $"{of} had to give way to something of a higher priority."),
            ("TaintManagerEviction", _) => (RolloutEventLevel.Warning, $"{of} is driven from its node by a taint."),
            ("NodeNotReady", _) => (RolloutEventLevel.Warning, $"{of}: its node does not answer any more."),
            ("ProbeWarning", _) => (RolloutEventLevel.Warning, $"{of}: {said}"),
            ("FailedToRetrieveImagePullSecret", _) => (RolloutEventLevel.Warning, $"{of}: a pull secret of the target is not in the namespace: {said}"),
            ("FailedMount" or "FailedAttachVolume", _) => (RolloutEventLevel.Error, $"{of}: a volume cannot be made ready: {said}"),
            ("FailedGetResourceMetric" or "FailedComputeMetricsReplicas" or "FailedGetPodsMetric", _) =>
                (RolloutEventLevel.Warning, $"{of} cannot scale, because it gets no figures: {said}"),
            ("SuccessfulRescale", _) => (RolloutEventLevel.Info, $"{of} was scaled: {said}"),
            ("ProgressDeadlineExceeded", _) => (RolloutEventLevel.Error, $"{of} made no progress in the time it has."),

            // What goes as it should is seen in the replicas themselves.
            (_, "Normal") => null,
            _ => (RolloutEventLevel.Warning, $"{of}: {said}"),
        };
    }

    private static string FailedCreate(string of, string message) => message switch
    {
        _ when message.Contains("exceeded quota", StringComparison.Ordinal) => $"{of} may not make a pod, because the namespace's quota is used up: {ContainerWords.Sentence(After(message, "exceeded quota:"))}",
        _ when message.Contains("violates PodSecurity", StringComparison.Ordinal) => $"{of} may not make a pod, because the namespace's rules for pods forbid it: {ContainerWords.Sentence(After(message, "violates PodSecurity"))}",
        _ when message.Contains("serviceaccount", StringComparison.OrdinalIgnoreCase) && message.Contains("not found", StringComparison.Ordinal) => $"{of} cannot make a pod yet, because its service account is not there.",
        _ when message.Contains("admission webhook", StringComparison.Ordinal) => $"{of} may not make a pod, because a rule of the cluster forbids it: {ContainerWords.Sentence(After(message, "admission webhook"))}",
        _ when message.Contains("LimitRange", StringComparison.OrdinalIgnoreCase) || message.Contains("maximum memory usage", StringComparison.Ordinal) || message.Contains("maximum cpu usage", StringComparison.Ordinal) =>
            $"{of} may not make a pod, because it asks for more than a pod may have in the namespace: {ContainerWords.Sentence(message)}",
        _ => $"{of} cannot make a pod: {ContainerWords.Sentence(message)}",
    };

    private static string Unhealthy(string of, string message) => message switch
    {
        _ when message.StartsWith("Readiness probe", StringComparison.Ordinal) => $"{of} fails its check for readiness and gets no requests: {ContainerWords.Sentence(After(message, ":"))}",
        _ when message.StartsWith("Liveness probe", StringComparison.Ordinal) => $"{of} fails its check for life and is started again if it goes on: {ContainerWords.Sentence(After(message, ":"))}",
        _ when message.StartsWith("Startup probe", StringComparison.Ordinal) => $"{of} does not answer yet after its start: {ContainerWords.Sentence(After(message, ":"))}",
        _ => $"{of} fails a check: {ContainerWords.Sentence(message)}",
    };

    private static string After(string message, string part)
    {
        var at = message.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? message : message[(at + part.Length)..];
    }
}
