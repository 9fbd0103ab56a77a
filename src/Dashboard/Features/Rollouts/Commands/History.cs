using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>The words for programs in <see cref="RolloutEvent.Kind"/> that rollouts use; replicas have their own.</summary>
internal static class RolloutEventKinds
{
    public const string Requested = "rollout.requested";
    public const string Approved = "rollout.approved";
    public const string Decided = "rollout.decided";
    public const string Rejected = "rollout.rejected";
    public const string Withdrawn = "rollout.withdrawn";
    public const string Expired = "rollout.expired";
    public const string Superseded = "rollout.superseded";
    public const string Started = "rollout.started";
    public const string Step = "rollout.step";
    public const string Trouble = "rollout.trouble";
    public const string Paused = "rollout.paused";
    public const string Resumed = "rollout.resumed";
    public const string Promoted = "rollout.promoted";
    public const string Aborted = "rollout.aborted";
    public const string Failed = "rollout.failed";
    public const string Succeeded = "rollout.succeeded";
    public const string RolledBack = "rollout.rolled-back";
    public const string TokenCreated = "endpoint.token-created";
    public const string TokenRevoked = "endpoint.token-revoked";
    public const string Retired = "endpoint.retired";
    public const string PutBack = "endpoint.put-back";
    public const string DriftAccepted = "endpoint.accept-drift";
    public const string PlanDamaged = "endpoint.plan-damaged";
}

/// <summary>Writes lines of history into the transaction of the change they tell about, so that neither is there without the other.</summary>
internal static class History
{
    private const int LongestMessage = 2000;
    private static readonly Lock Gate = new();
    private static long lastMillisecond;
    private static int counter;

    /// <summary>Adds a line about an endpoint.</summary>
    public static void Add(
        RegistryDb db,
        DateTimeOffset now,
        Guid endpointId,
        Guid? rolloutId,
        string kind,
        string message,
        RolloutEventLevel level = RolloutEventLevel.Info,
        string? personName = null) => db.RolloutEvents.Add(new()
        {
            Id = NextId(now),
            EndpointId = endpointId,
            RolloutId = rolloutId,
            At = now,
            Level = level,
            Kind = kind,
            Message = message.Length <= LongestMessage ? message : message[..(LongestMessage - 1)] + "…",
            PersonName = personName,
        });

    /// <summary>Adds a line about a rollout.</summary>
    public static void Add(
        RegistryDb db,
        DateTimeOffset now,
        Rollout rollout,
        string kind,
        string message,
        RolloutEventLevel level = RolloutEventLevel.Info,
        string? personName = null) => Add(db, now, rollout.EndpointId, rollout.Id, kind, message, level, personName);

    /// <summary>A UUID version 7 whose twelve bits after the time count up within a millisecond (RFC 9562, section 6.2, method 1), so that lines written together keep their order.</summary>
    internal static Guid NextId(DateTimeOffset now)
    {
        int number;
        lock (Gate)
        {
            // It begins anew only now and then, between two milliseconds, and so does not run over within one.
            var millisecond = now.ToUnixTimeMilliseconds();
            counter = millisecond > lastMillisecond && counter >= 0x800 ? 0 : (counter + 1) & 0xFFF;
            lastMillisecond = millisecond;
            number = counter;
        }

        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        bytes[6] = (byte)(0x70 | (number >> 8));
        bytes[7] = (byte)number;
        return new(bytes, bigEndian: true);
    }
}
