using System.Text.Json;
using System.Text.Json.Serialization;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Audit;

namespace Ops.Dashboard.Commands;

/// <summary>What a command body works with: one context, one moment, one audit.</summary>
internal sealed class CommandScope(RegistryDb db, Caller caller, Person? person, string action, DateTimeOffset now)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    private readonly List<Action> afterCommit = [];

    /// <summary>Changes made here are saved together with the audit when the body succeeds.</summary>
    public RegistryDb Db => db;

    /// <summary>Who asked.</summary>
    public Caller Caller => caller;

    /// <summary>The account as it is in the registry now. Throws when the system itself is the caller.</summary>
    public Person Person => person ?? throw new InvalidOperationException("The system has no account.");

    /// <summary>The moment of the command.</summary>
    public DateTimeOffset Now => now;

    internal bool IsAudited { get; private set; }

    internal IReadOnlyList<Action> AfterCommitActions => afterCommit;

    /// <summary>What the command is about, so that the entry of a refusal names it too.</summary>
    internal CommandSubject? Subject { get; private set; }

    /// <summary>Says what the command is about, as soon as the body has found it.</summary>
    /// <param name="subjectKind">The word for the thing, such as <c>rollout</c>.</param>
    /// <param name="subjectId">Its key.</param>
    /// <param name="subjectName">Its name.</param>
    public void About(string subjectKind, object subjectId, string subjectName) =>
        Subject = new(subjectKind, subjectId.ToString() ?? "", subjectName);

    /// <summary>Says what the command changed. Every command that succeeds says so at least once.</summary>
    /// <param name="subjectKind">The word for the thing, such as <c>model</c>.</param>
    /// <param name="subjectId">Its key.</param>
    /// <param name="subjectName">Its name.</param>
    /// <param name="before">What mattered before, serialised as JSON; no secrets.</param>
    /// <param name="after">What it is now; no secrets.</param>
    /// <param name="reason">The reason the person gave.</param>
    public void Audit(string subjectKind, object subjectId, string subjectName, object? before = null, object? after = null, string? reason = null)
    {
        IsAudited = true;
        db.AuditEntries.Add(new()
        {
            Id = Guid.CreateVersion7(now),
            At = now,
            PersonId = caller.PersonId,
            PersonName = person?.UserName ?? caller.Name,
            SignedInHow = caller.SignedInHow,
            Action = action,
            SubjectKind = subjectKind,
            SubjectId = subjectId.ToString() ?? "",
            SubjectName = subjectName,
            BeforeJson = before is null ? null : JsonSerializer.Serialize(before, Json),
            AfterJson = after is null ? null : JsonSerializer.Serialize(after, Json),
            Reason = reason,
            Result = AuditResult.Done,
            CorrelationId = caller.CorrelationId,
        });
    }

    /// <summary>Runs something quick (wake a queue, publish to a live feed) once the transaction is committed, and only then.</summary>
    public void AfterCommit(Action action) => afterCommit.Add(action);
}

/// <summary>The thing that a command is about.</summary>
/// <param name="Kind">The word for it.</param>
/// <param name="Id">Its key.</param>
/// <param name="Name">Its name.</param>
internal sealed record CommandSubject(string Kind, string Id, string Name);
