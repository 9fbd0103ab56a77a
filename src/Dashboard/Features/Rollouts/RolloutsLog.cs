namespace Ops.Dashboard.Features.Rollouts;

internal static partial class RolloutsLog
{
    [LoggerMessage(4001, LogLevel.Information, "This process ({Holder}) carries out rollouts from now on")]
    public static partial void LeaseGained(this ILogger log, string holder);

    [LoggerMessage(4002, LogLevel.Warning, "This process ({Holder}) no longer carries out rollouts; {Other} does")]
    public static partial void LeaseLost(this ILogger log, string holder, string other);

    [LoggerMessage(4003, LogLevel.Warning, "The lease on rollouts cannot be read or renewed; it is tried again")]
    public static partial void LeaseUnreachable(this ILogger log, Exception exception);

    [LoggerMessage(4004, LogLevel.Information, "{Endpoint} #{Number} began")]
    public static partial void RolloutStarted(this ILogger log, string endpoint, int number);

    [LoggerMessage(4005, LogLevel.Information, "{Endpoint} #{Number} succeeded")]
    public static partial void RolloutSucceeded(this ILogger log, string endpoint, int number);

    [LoggerMessage(4006, LogLevel.Warning, "{Endpoint} #{Number} failed: {Status}")]
    public static partial void RolloutFailed(this ILogger log, string endpoint, int number, string status);

    [LoggerMessage(4007, LogLevel.Error, "Endpoint {EndpointId} could not be looked after (attempt {Attempt}); tried again in {Delay}")]
    public static partial void PassFailed(this ILogger log, Guid endpointId, int attempt, TimeSpan delay, Exception exception);

    [LoggerMessage(4008, LogLevel.Information, "Endpoint {EndpointId} was changed by somebody else meanwhile; looks again")]
    public static partial void PassOvertaken(this ILogger log, Guid endpointId);

    [LoggerMessage(4009, LogLevel.Error, "A background loop of rollouts failed ({Loop}); it is tried again in {Delay}")]
    public static partial void LoopFailed(this ILogger log, string loop, TimeSpan delay, Exception exception);

    [LoggerMessage(4010, LogLevel.Error, "What {Endpoint} should run cannot be trusted: {Why}")]
    public static partial void PlanDamaged(this ILogger log, string endpoint, string why);

    [LoggerMessage(4011, LogLevel.Warning, "Trouble with endpoint {EndpointId} could not be noted in its history")]
    public static partial void TroubleNotNoted(this ILogger log, Guid endpointId, Exception exception);

    [LoggerMessage(4012, LogLevel.Warning, "{Count} events of replicas were dropped, because the registry does not take them fast enough")]
    public static partial void EventsDropped(this ILogger log, long count);

    [LoggerMessage(4013, LogLevel.Information, "{Endpoint} #{Number} expired")]
    public static partial void RequestExpired(this ILogger log, string endpoint, int number);

    [LoggerMessage(4014, LogLevel.Warning, "{Endpoint} #{Number} is held: {Why}")]
    public static partial void RolloutHeld(this ILogger log, string endpoint, int number, string why);
}
