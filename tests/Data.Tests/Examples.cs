using Ops.Data.Access;
using Ops.Data.Approvals;
using Ops.Data.Audit;
using Ops.Data.ModelStore;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Data.Tests;

/// <summary>Things to test with, each whole and legal.</summary>
internal static class Examples
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly string Sha256 = new('a', 64);

    public static string Name(string prefix) => $"{prefix}-{Guid.NewGuid():N}"[..24];

    public static Model Model(string? name = null) =>
       Data.Registry.Model.Create(name ?? Name("model"), "Reads digits.", Guid.NewGuid(), "olga", Noon).Value;

    public static VersionFile File(string path, string? sha256 = null) =>
        new() { Path = path, SizeBytes = 1234, Sha256 = sha256 ?? Sha256, ObjectId = Guid.NewGuid().ToString("N") };

    public static ModelVersion Version(Model model, params VersionFile[] files) => Version(model, "onnx", files);

    public static ModelVersion Version(Model model, string format, params VersionFile[] files) => ModelVersion.Create(
        files.Length == 0 ? [File("model.onnx"), File("labels/digits.txt")] : files,
        new()
        {
            Id = Guid.CreateVersion7(Noon),
            ModelId = model.Id,
            Number = model.NextVersion(format, Noon).Value,
            Format = format,
            MetadataJson = """{"opset":17}""",
            LineageJson = """{"commit":"abc"}""",
            Notes = "first",
            Store = "local",
            UploadedById = Guid.NewGuid(),
            UploadedByName = "uli",
            Now = Noon,
        });

    public static Store Store(string? name = null) => Data.ModelStore.Store.Create(new()
    {
        Id = Guid.CreateVersion7(Noon),
        Name = name ?? Name("store"),
        Kind = StoreKinds.S3,
        SettingsJson = """{"bucket":"models"}""",
        ProtectedSecrets = "CfDJ8-not-readable",
        ByName = "anna",
        Now = Noon,
    }).Value;

    public static Target Target(string? name = null) =>
       Data.Targets.Target.Create(name ?? Name("target"), TargetKinds.Local, TargetEnvironment.Staging, Noon).Value;

    public static Endpoint Endpoint(Target target, string? name = null) =>
       Data.Rollouts.Endpoint.Create(name ?? Name("endpoint"), target.Id, Guid.NewGuid(), "olga", Noon).Value;

    public static PlanSpec Spec(Endpoint? endpoint = null, ModelVersion? version = null) => new()
    {
        EndpointId = endpoint?.Id ?? Guid.NewGuid(),
        Endpoint = endpoint?.Name ?? "digits",
        TargetId = endpoint?.TargetId ?? Guid.NewGuid(),
        Target = "local",
        Environment = TargetEnvironment.Staging,
        Model = "digits",
        VersionId = version?.Id ?? Guid.NewGuid(),
        Version = version?.Number ?? 3,
        VersionDigest = version?.Digest ?? Sha256,
        Nodes = ["b", "a"],
        Replicas = 2,
        EnvironmentVariables = new Dictionary<string, string> { ["B"] = "2", ["A"] = "1" },
        RequiresToken = true,
    };

    public static Plan Plan(Endpoint? endpoint = null, ModelVersion? version = null) =>
       Data.Rollouts.Plan.Seal(Spec(endpoint, version), Guid.NewGuid(), "pia", Noon);

    public static NewRollout Wish(int approvals = 1, int number = 1) => new()
    {
        Number = number,
        RequestedById = Guid.NewGuid(),
        RequestedByName = "rita",
        VersionUploadedById = Guid.NewGuid(),
        Reason = "Fewer mistakes on sevens.",
        RequiredApprovals = approvals,
        ApproverRole = Roles.Approver,
        Lifetime = TimeSpan.FromHours(72),
        Now = Noon,
    };

    public static Rollout Rollout(int approvals = 1, Plan? plan = null, int number = 1) =>
       Data.Rollouts.Rollout.Request(plan ?? Plan(), Wish(approvals, number));

    public static Decision Decision(Rollout rollout, Verdict verdict = Verdict.Approve, Guid? person = null) => new()
    {
        Id = Guid.CreateVersion7(Noon),
        RolloutId = rollout.Id,
        PersonId = person ?? Guid.NewGuid(),
        PersonName = "anna",
        SignedInHow = "password",
        Verdict = verdict,
        Reason = verdict == Verdict.Reject ? "The numbers are worse." : null,
        PlanHash = rollout.PlanHash,
        VersionDigest = rollout.VersionDigest,
        At = Noon.AddHours(1),
    };

    public static UploadFile UploadFile(string path = "model.onnx", long size = 25, int part = 10) =>
        new() { Id = Guid.CreateVersion7(Noon), Path = path, SizeBytes = size, PartSizeBytes = part, ObjectId = Guid.NewGuid().ToString("N") };

    public static Upload Upload(params UploadFile[] files) => Data.ModelStore.Upload.Begin(
        new()
        {
            ModelId = Guid.NewGuid(),
            ModelName = "digits",
            PersonId = Guid.NewGuid(),
            PersonName = "uli",
            Store = "local",
            Notes = "first",
            LineageJson = "{}",
            Now = Noon,
            Lifetime = TimeSpan.FromDays(1),
        },
        files.Length == 0 ? [UploadFile()] : files);

    public static Transfer Transfer()
    {
        var transfer = Data.ModelStore.Transfer.Begin(new()
        {
            ModelName = "digits",
            Description = "reads digits",
            Notes = "first",
            Source = "https://host/model.onnx?…",
            ProtectedAddress = "protected",
            ExpectedSha256 = Sha256,
            Store = "local",
            PersonId = Guid.NewGuid(),
            PersonName = "uli",
            Now = Noon,
        });
        Assert.True(transfer.Start().Succeeded);
        Assert.True(transfer.Attach(Guid.NewGuid(), "[]", "abc", 2, 25).Succeeded);
        Assert.True(transfer.Postpone(Noon.AddMinutes(1), "It broke.").Succeeded);
        return transfer;
    }

    public static AuditEntry Audit(Guid? id = null) => new()
    {
        Id = id ?? Guid.CreateVersion7(Noon),
        At = Noon,
        PersonId = Guid.NewGuid(),
        PersonName = "anna",
        SignedInHow = "password",
        Action = "rollout.approve",
        SubjectKind = "rollout",
        SubjectId = "1",
        SubjectName = "digits #1",
        BeforeJson = "{}",
        AfterJson = "{}",
        Reason = "fine",
        Result = AuditResult.Refused,
        Message = "no",
        CorrelationId = "c",
    };

    public static RolloutEvent Event(Endpoint endpoint, Rollout? rollout = null) => new()
    {
        Id = Guid.CreateVersion7(Noon),
        EndpointId = endpoint.Id,
        RolloutId = rollout?.Id,
        At = Noon,
        Level = RolloutEventLevel.Warning,
        Kind = "replica.died",
        Message = "Replica 1 ended with code 137.",
        PersonName = "rita",
    };

    /// <summary>A change that somebody accepted.</summary>
    public static OpenChange Open(string path) => new() { Kind = "Deployment", Name = "digits", Path = path, FoundHash = Sha256, Sentence = "changed" };

    public static AcceptedChange Change(string path, string sentence = "changed") =>
        new() { Kind = "Deployment", Name = "digits", Path = path, FoundHash = Sha256, Sentence = sentence, ByName = "olga", At = Noon };

    public static EndpointToken Token(Endpoint endpoint, string? hash = null) => new()
    {
        Id = Guid.CreateVersion7(Noon),
        EndpointId = endpoint.Id,
        Name = "billing",
        Hash = hash ?? Guid.NewGuid().ToString("N"),
        Prefix = "ops_abc",
        CreatedByName = "olga",
        CreatedAt = Noon,
    };

    public static Person Person(string? name = null)
    {
        var person = Data.Access.Person.Create(name ?? Name("person"), Roles.Operator, Noon);
        person.NormalizedUserName = person.UserName!.ToUpperInvariant();
        return person;
    }
}
