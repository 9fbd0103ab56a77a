using System.Globalization;
using Microsoft.Extensions.Primitives;
using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>The steps of the wizard, in order.</summary>
public enum WizardStep
{
    /// <summary>Which version.</summary>
    Version,

    /// <summary>Which endpoint, on which target and nodes.</summary>
    Where,

    /// <summary>What each replica gets.</summary>
    Resources,

    /// <summary>How to get there.</summary>
    Strategy,

    /// <summary>What changes, and why.</summary>
    Review,
}

/// <summary>What a person has filled in so far. All of it is in the address, so a reload or a link to a colleague keeps it.</summary>
public sealed class PlanForm
{
    private const int MostVariables = 100;

    /// <summary>The step at hand.</summary>
    public WizardStep Step { get; set; }

    /// <summary>The version.</summary>
    public Guid VersionId { get; set; }

    /// <summary>The endpoint's name.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>The target.</summary>
    public Guid TargetId { get; set; }

    /// <summary>Chosen nodes; empty means any.</summary>
    public HashSet<string> Nodes { get; private set; } = new(StringComparer.Ordinal);

    /// <summary>Words that narrow the list of nodes.</summary>
    public string NodeFilter { get; set; } = "";

    /// <summary>Replicas.</summary>
    public int Replicas { get; set; } = 2;

    /// <summary>Threads of each.</summary>
    public int CpuThreads { get; set; } = 1;

    /// <summary>Memory of each in MiB.</summary>
    public int MemoryMiB { get; set; } = 512;

    /// <summary>GPUs of each.</summary>
    public int Gpus { get; set; }

    /// <summary>Environment variables.</summary>
    public List<VariableRow> Variables { get; } = [];

    /// <summary>The strategy's name.</summary>
    public string Strategy { get; set; } = "rolling";

    /// <summary>Steps and gates of a strategy that has some.</summary>
    public StrategyForm Steps { get; } = new();

    /// <summary>What only a Kubernetes cluster needs.</summary>
    public KubernetesForm Kubernetes { get; } = new();

    /// <summary>Replicas beyond the planned number.</summary>
    public int MaxSurge { get; set; } = 1;

    /// <summary>Seconds without progress.</summary>
    public int ProgressDeadlineSeconds { get; set; } = 120;

    /// <summary>Whether clients need a token.</summary>
    public bool RequiresToken { get; set; }

    /// <summary>Why.</summary>
    public string Reason { get; set; } = "";

    /// <summary>Reads what an address holds; anything senseless in it is left at its default.</summary>
    /// <param name="query">The address's values.</param>
    /// <param name="running">What the address leaves out is as in this plan; null for the usual.</param>
    internal static PlanForm FromQuery(IReadOnlyDictionary<string, StringValues> query, PlanSpec? running = null)
    {
        var form = new PlanForm();
        if (running is not null)
        {
            form.BeginFrom(running);
        }

        if (Enum.TryParse<WizardStep>(Text("step"), ignoreCase: true, out var step) && Enum.IsDefined(step))
        {
            form.Step = step;
        }

        form.VersionId = Guid.TryParse(Text("version"), out var version) ? version : Guid.Empty;
        form.TargetId = Guid.TryParse(Text("target"), out var target) ? target : form.TargetId;
        form.Endpoint = Text("endpoint") ?? "";
        form.Nodes = Text("nodes")?.Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal) ?? form.Nodes;
        form.NodeFilter = Text("find-node") ?? "";
        form.Replicas = Number("replicas", form.Replicas);
        form.CpuThreads = Number("threads", form.CpuThreads);
        form.MemoryMiB = Number("memory", form.MemoryMiB);
        form.Gpus = Number("gpus", form.Gpus);
        form.MaxSurge = Number("surge", form.MaxSurge);
        form.ProgressDeadlineSeconds = Number("deadline", form.ProgressDeadlineSeconds);
        if (running is null || query.ContainsKey("strategy"))
        {
            // Steps and gates belong to their strategy.
            form.Strategy = Text("strategy") ?? form.Strategy;
            form.Steps.Read(Text);
        }

        form.Kubernetes.Read(Text);
        form.RequiresToken = Text("token") is { } token ? token == "true" : form.RequiresToken;
        form.Reason = Text("reason") ?? "";
        if (query.ContainsKey("variable"))
        {
            form.Variables.Clear();
        }

        form.Variables.AddRange(query.GetValueOrDefault("variable").OfType<string>().Take(MostVariables).Select(VariableRow.Parse));
        return form;

        string? Text(string name) => query.TryGetValue(name, out var values) ? values.ToString() : null;

        int Number(string name, int otherwise) =>
            int.TryParse(Text(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
    }

    /// <summary>What the address is to hold: only what differs from the defaults.</summary>
    internal IReadOnlyDictionary<string, object?> ToQuery()
    {
        var empty = new PlanForm();
        return new Dictionary<string, object?>([.. Steps.ToQuery(Strategy), .. Kubernetes.ToQuery()])
        {
            ["step"] = Step.ToString().ToLowerInvariant(),
            ["version"] = VersionId == Guid.Empty ? null : VersionId.ToString(),
            ["target"] = TargetId == Guid.Empty ? null : TargetId.ToString(),
            ["endpoint"] = Endpoint.Length == 0 ? null : Endpoint,
            ["nodes"] = Nodes.Count == 0 ? null : string.Join(',', Nodes.Order(StringComparer.Ordinal)),
            ["find-node"] = NodeFilter.Length == 0 ? null : NodeFilter,
            ["replicas"] = Unless(Replicas, empty.Replicas),
            ["threads"] = Unless(CpuThreads, empty.CpuThreads),
            ["memory"] = Unless(MemoryMiB, empty.MemoryMiB),
            ["gpus"] = Unless(Gpus, empty.Gpus),
            ["strategy"] = Strategy == empty.Strategy ? null : Strategy,
            ["surge"] = Unless(MaxSurge, empty.MaxSurge),
            ["deadline"] = Unless(ProgressDeadlineSeconds, empty.ProgressDeadlineSeconds),
            ["token"] = RequiresToken ? "true" : null,
            ["variable"] = Variables.Where(v => !v.IsEmpty).Select(v => v.ToString()).ToArray() is { Length: > 0 } rows ? rows : null,
            ["reason"] = Reason.Length == 0 ? null : Reason,
        };

        static object? Unless(int value, int usual) => value == usual ? null : value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Takes over what runs on an endpoint, so that only the difference has to be filled in.</summary>
    public void BeginFrom(PlanSpec running)
    {
        TargetId = running.TargetId;
        Nodes = running.Nodes.ToHashSet(StringComparer.Ordinal);
        Replicas = running.Replicas;
        CpuThreads = running.Resources.CpuThreads;
        MemoryMiB = running.Resources.MemoryMiB;
        Gpus = running.Resources.Gpus;
        Strategy = running.Strategy.Name;
        Steps.BeginFrom(running.Strategy);
        Kubernetes.BeginFrom(running.Kubernetes);
        MaxSurge = running.Strategy.MaxSurge;
        ProgressDeadlineSeconds = running.Strategy.ProgressDeadlineSeconds;
        RequiresToken = running.RequiresToken;
        Variables.Clear();
        Variables.AddRange(running.EnvironmentVariables.Select(v => new VariableRow { Name = v.Key, Value = v.Value }));
    }

    /// <summary>The draft that is checked and asked for.</summary>
    internal DraftPlan ToDraft() => new()
    {
        Endpoint = Endpoint.Trim(),
        TargetId = TargetId,
        VersionId = VersionId,
        Nodes = [.. Nodes],
        Replicas = Replicas,
        CpuThreads = CpuThreads,
        MemoryMiB = MemoryMiB,
        Gpus = Gpus,
        EnvironmentVariables = [.. Variables.Where(v => !v.IsEmpty).Select(v => new DraftVariable(v.Name.Trim(), v.Value))],
        Strategy = Strategy,
        MaxSurge = MaxSurge,
        ProgressDeadlineSeconds = ProgressDeadlineSeconds,
        Steps = Steps.StepsOf(Strategy),
        Gates = StrategyForm.HasSteps(Strategy) ? [.. Steps.Gates.Select(g => g.ToGate())] : [],
        RollBackOnFailure = StrategyForm.HasSteps(Strategy) && Steps.RollBackOnFailure,
        KeepOldSeconds = Strategy == "blue-green" ? Steps.KeepOldSeconds : 0,
        Kubernetes = Kubernetes.ToPlan(),
        RequiresToken = RequiresToken,
    };

    /// <summary>What is filled in as a plan, as far as it matters to nodes.</summary>
    /// <param name="target">The target; what it says of where pods go is put in.</param>
    /// <param name="sizeBytes">The size of the version's files; 0 while none is chosen.</param>
    internal PlanSpec ToProbe(TargetChoice target, long sizeBytes)
    {
        PlanSpec plan = new()
        {
            EndpointId = Guid.Empty,
            Endpoint = Endpoint.Trim(),
            TargetId = target.Id,
            Target = target.Name,
            Environment = target.Environment,
            Model = "",
            VersionId = VersionId,
            Version = 0,
            VersionDigest = "",
            Replicas = Replicas,
            Nodes = [.. Nodes],
            Resources = new() { CpuThreads = CpuThreads, MemoryMiB = MemoryMiB, Gpus = Gpus },
            Kubernetes = Kubernetes.ToPlan(),
        };
        return target.Inventory.Placement?.Fill(plan, sizeBytes) ?? plan;
    }

    /// <summary>The step on which a field is filled in, so that a mistake leads there.</summary>
    internal static WizardStep StepOf(string? field) => field switch
    {
        PlanFields.Version => WizardStep.Version,
        PlanFields.Endpoint or PlanFields.Target or PlanFields.Nodes => WizardStep.Where,
        not null when PlanFields.IsKubernetes(field) => WizardStep.Where,
        PlanFields.Replicas or PlanFields.CpuThreads or PlanFields.MemoryMiB or PlanFields.Gpus or PlanFields.EnvironmentVariables => WizardStep.Resources,
        PlanFields.Strategy or PlanFields.MaxSurge or PlanFields.ProgressDeadline or PlanFields.KeepOld => WizardStep.Strategy,
        not null when field.StartsWith(PlanFields.Steps, StringComparison.Ordinal) || field.StartsWith(PlanFields.Gates, StringComparison.Ordinal) => WizardStep.Strategy,
        _ => WizardStep.Review,
    };
}

/// <summary>One row of the variables.</summary>
public sealed class VariableRow
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its value.</summary>
    public string Value { get; set; } = "";

    /// <summary>Whether nothing was filled in.</summary>
    public bool IsEmpty => Name.Length == 0 && Value.Length == 0;

    /// <summary>As it stands in the address: <c>NAME=value</c>.</summary>
    public override string ToString() => $"{Name}={Value}";

    /// <summary>Reads what <see cref="ToString"/> wrote; what has no equals sign is a name without a value.</summary>
    internal static VariableRow Parse(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? new() { Name = text[..at], Value = text[(at + 1)..] } : new() { Name = text };
}
