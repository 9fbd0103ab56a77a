using Ops.Runtime.Inference;

namespace Ops.Runtime.Scheduling;

/// <summary>Why a request is not run, in words for its client. All are 503: the same request may succeed a moment later,
/// here or on another process.</summary>
internal static class Refusals
{
    public static ProtocolException QueueFull() => Unavailable("Too many requests are waiting for this model.");

    public static ProtocolException TimedOut() => Unavailable("Request timeout expired: no run became free in time.");

    public static ProtocolException Unavailable(string reason) => new(StatusCodes.Status503ServiceUnavailable, reason);
}
