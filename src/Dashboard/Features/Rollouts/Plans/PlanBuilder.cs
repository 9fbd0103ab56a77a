using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.Rollouts.Strategies;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>Checks a draft against the registry and the machines, and makes a plan of it. The wizard and the command both go through here.</summary>
internal sealed class PlanBuilder(TargetDrivers drivers, StrategyRegistry strategies)
{
    /// <summary>Checks everything, so that a form can show all mistakes at once.</summary>
    /// <param name="db">Where endpoint, target and version are looked up.</param>
    /// <param name="draft">What the person filled in.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<PlanCheck> CheckAsync(RegistryDb db, DraftPlan draft, CancellationToken cancellation)
    {
        List<Failure> failures = [];
        List<string> warnings = [];
        var endpoint = await FindEndpointAsync(db, draft, failures, cancellation);
        var stable = endpoint?.StablePlanId is { } stableId ? await db.Plans.SingleOrDefaultAsync(p => p.Id == stableId, cancellation) : null;
        var target = await db.Targets.SingleOrDefaultAsync(t => t.Id == draft.TargetId, cancellation);
        if (target is null)
        {
            failures.Add(Failure.Invalid("Choose a target.", PlanFields.Target));
        }
        else if (endpoint is not null && endpoint.TargetId != target.Id)
        {
            failures.Add(Failure.Invalid($"{endpoint.Name} is on another target and stays there. Choose another name for an endpoint on {target.Name}.", PlanFields.Target));
        }

        var (version, model) = await FindVersionAsync(db, draft, failures, cancellation);
        CheckNumbers(draft, failures);
        var variables = CheckVariables(draft, failures);
        if (target is not null)
        {
            await CheckMachinesAsync(new(draft, target, version, stable?.Spec), failures, warnings, cancellation);
        }

        if (failures.Count > 0 || target is null || version is null || model is null)
        {
            return new() { Failures = failures, Warnings = warnings, Endpoint = endpoint, Target = target, Version = version, Stable = stable };
        }

        var spec = new PlanSpec
        {
            EndpointId = endpoint?.Id ?? Guid.Empty,
            Endpoint = draft.Endpoint,
            TargetId = target.Id,
            Target = target.Name,
            Environment = target.Environment,
            Model = model.Name,
            VersionId = version.Id,
            Version = version.Number,
            VersionDigest = version.Digest,
            Nodes = [.. draft.Nodes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Replicas = draft.Replicas,
            Resources = new() { CpuThreads = draft.CpuThreads, MemoryMiB = draft.MemoryMiB, Gpus = draft.Gpus },
            EnvironmentVariables = variables,
            Strategy = new()
            {
                Name = draft.Strategy,
                MaxSurge = draft.MaxSurge,
                ProgressDeadlineSeconds = draft.ProgressDeadlineSeconds,
                Steps = draft.Steps,
                Gates = draft.Gates,
                RollBackOnFailure = draft.RollBackOnFailure,
                KeepOldSeconds = draft.KeepOldSeconds,
            },
            RequiresToken = draft.RequiresToken,
        };
        if (drivers.Find(target) is IPlanFiller filler)
        {
            var filled = await filler.FillAsync(target, spec with { Kubernetes = draft.Kubernetes }, version.SizeBytes, cancellation);
            if (!filled.Succeeded)
            {
                return new() { Failures = [filled.Failure], Warnings = warnings, Endpoint = endpoint, Target = target, Version = version, Stable = stable };
            }

            spec = filled.Value;
        }

        return new() { Failures = [], Warnings = warnings, Spec = spec, Endpoint = endpoint, Target = target, Version = version, Stable = stable };
    }

    private static async Task<Endpoint?> FindEndpointAsync(RegistryDb db, DraftPlan draft, List<Failure> failures, CancellationToken cancellation)
    {
        if (Names.Check(draft.Endpoint, PlanFields.Endpoint) is { Failure: { } wrong })
        {
            failures.Add(wrong);
            return null;
        }

        var endpoint = await db.Endpoints.SingleOrDefaultAsync(e => e.Name == draft.Endpoint, cancellation);
        if (endpoint?.RetiredAt is not null)
        {
            failures.Add(Failure.Invalid($"{endpoint.Name} is retired and its name stays taken. Choose another.", PlanFields.Endpoint));
        }

        return endpoint;
    }

    private static async Task<(ModelVersion? Version, Model? Model)> FindVersionAsync(RegistryDb db, DraftPlan draft, List<Failure> failures, CancellationToken cancellation)
    {
        var version = await db.Versions.Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == draft.VersionId, cancellation);
        var model = version is null ? null : await db.Models.SingleAsync(m => m.Id == version.ModelId, cancellation);
        if (version is null || model is null)
        {
            failures.Add(Failure.Invalid("Choose a version.", PlanFields.Version));
        }
        else if (VersionIntegrity.Refuse(version) is { } damaged)
        {
            failures.Add(Failure.Invalid($"{model.Name} {version.Number}: {damaged}", PlanFields.Version));
        }
        else if (version.State != VersionState.Ready)
        {
            failures.Add(Failure.Invalid($"{model.Name} {version.Number} is {version.State.ToString().ToLowerInvariant()}. Choose a ready version.", PlanFields.Version));
        }
        else if (model.ArchivedAt is not null)
        {
            failures.Add(Failure.Invalid($"{model.Name} is archived. Restore it or choose another model.", PlanFields.Version));
        }

        return (version, model);
    }

    private void CheckNumbers(DraftPlan draft, List<Failure> failures)
    {
        Check(draft.Replicas is >= 1 and <= PlanFields.MaxReplicas, $"1 to {PlanFields.MaxReplicas} replicas.", PlanFields.Replicas);
        Check(draft.CpuThreads is >= 1 and <= PlanFields.MaxThreads, $"1 to {PlanFields.MaxThreads} threads.", PlanFields.CpuThreads);
        Check(draft.MemoryMiB >= PlanFields.MinMemoryMiB, $"At least {PlanFields.MinMemoryMiB} MiB.", PlanFields.MemoryMiB);
        Check(draft.Gpus >= 0, "0 or more GPUs.", PlanFields.Gpus);
        Check(draft.MaxSurge is >= 1 and <= PlanFields.MaxReplicas, $"1 to {PlanFields.MaxReplicas} replicas at a time.", PlanFields.MaxSurge);
        Check(draft.ProgressDeadlineSeconds is >= 10 and <= 3600, "10 to 3,600 seconds.", PlanFields.ProgressDeadline);
        Check(
            strategies.Find(draft.Strategy) is not null,
            $"There is no strategy of that name. Choose one of: {string.Join(", ", strategies.All.Select(s => s.Name))}.",
            PlanFields.Strategy);

        failures.AddRange(StrategyChecks.Check(draft));

        void Check(bool isRight, string message, string field)
        {
            if (!isRight)
            {
                failures.Add(Failure.Invalid(message, field));
            }
        }
    }

    private static Dictionary<string, string> CheckVariables(DraftPlan draft, List<Failure> failures)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (var (name, value) in draft.EnvironmentVariables)
        {
            if (!variables.TryAdd(name ?? "", value ?? ""))
            {
                failures.Add(Failure.Invalid($"{name} is there twice.", PlanFields.EnvironmentVariables));
                return variables;
            }
        }

        if (EnvironmentVariableRules.Check(variables) is { Failure: { } refused })
        {
            failures.Add(refused with { Field = PlanFields.EnvironmentVariables });
        }

        return variables;
    }

    private async Task CheckMachinesAsync(Asked asked, List<Failure> failures, List<string> warnings, CancellationToken cancellation)
    {
        var (draft, target) = (asked.Draft, asked.Target);
        if (drivers.Find(target) is not { } driver)
        {
            failures.Add(Failure.Invalid($"Nothing here can drive a target of the kind '{target.Kind}'.", PlanFields.Target));
            return;
        }

        var inventory = await driver.GetInventoryAsync(target, cancellation);
        if (inventory is { Problem: null, Hidden: { } hidden })
        {
            warnings.Add($"{hidden} Whether a replica fits on one shows only once it runs.");
            return;
        }

        var addsNodes = inventory is { Problem: null, Placement.AddsNodes: true };
        if (inventory.Nodes.Count == 0 && !addsNodes)
        {
            failures.Add(Failure.Unavailable($"The machines of {target.Name} cannot be seen: {inventory.Problem ?? "it has none, or none with the labels that it is kept to"}.") with { Field = PlanFields.Target });
            return;
        }

        var unknown = draft.Nodes.Except(inventory.Nodes.Select(n => n.Name), StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
        {
            failures.Add(Failure.Invalid($"{target.Name} has no node named {string.Join(", ", unknown)}.", PlanFields.Nodes));
            return;
        }

        IReadOnlyList<Node> candidates = draft.Nodes.Count == 0 ? inventory.Nodes : [.. inventory.Nodes.Where(n => draft.Nodes.Contains(n.Name, StringComparer.Ordinal))];
        if (failures.Any(f => f.Field is PlanFields.Replicas or PlanFields.CpuThreads or PlanFields.MemoryMiB or PlanFields.Gpus or PlanFields.MaxSurge or PlanFields.Steps))
        {
            // Sums of senseless numbers would say something senseless.
            return;
        }

        if (!addsNodes && candidates.Max(n => n.MemoryBytes) / Schedulability.MiB is var greatest && draft.MemoryMiB > greatest)
        {
            failures.Add(Failure.Invalid($"No node has that much: at most {greatest} MiB.", PlanFields.MemoryMiB));
            return;
        }

        if (driver is IPlanFiller filler)
        {
            // What is wrong with the rest of it is said when it is filled in for good.
            if (await filler.FillAsync(target, Probe(draft, target), asked.Version?.SizeBytes ?? 0, cancellation) is { Succeeded: true, Value: var filled })
            {
                var room = filler.CheckNodes(filled, inventory with { Nodes = candidates }, asked.Running is not null);
                failures.AddRange(room.Succeeded ? [] : [room.Failure]);
                warnings.AddRange(room.Succeeded ? room.Value : []);
            }

            return;
        }

        CheckFit(draft, candidates, asked.Running, failures, warnings);
    }

    private static PlanSpec Probe(DraftPlan draft, Target target) => new()
    {
        EndpointId = Guid.Empty,
        Endpoint = draft.Endpoint,
        TargetId = target.Id,
        Target = target.Name,
        Environment = target.Environment,
        Model = "",
        VersionId = draft.VersionId,
        Version = 0,
        VersionDigest = "",
        Nodes = draft.Nodes,
        Replicas = draft.Replicas,
        Resources = new() { CpuThreads = draft.CpuThreads, MemoryMiB = draft.MemoryMiB, Gpus = draft.Gpus },
        Kubernetes = draft.Kubernetes,
    };

    // What is asked of a target's machines: the draft, its version where there is one, and what the endpoint runs now.
    private sealed record Asked(DraftPlan Draft, Target Target, ModelVersion? Version, PlanSpec? Running);

    private static void CheckFit(DraftPlan draft, IReadOnlyList<Node> candidates, PlanSpec? running, List<Failure> failures, List<string> warnings)
    {
        var resources = new PlanResources { CpuThreads = draft.CpuThreads, MemoryMiB = draft.MemoryMiB, Gpus = draft.Gpus };
        var strategy = new PlanStrategy { Name = draft.Strategy, MaxSurge = StrategyChecks.Surge(draft) };
        if (candidates is not [var node])
        {
            // Which node each replica goes to is the scheduler's business where there are several; one replica must fit somewhere.
            var single = candidates.Select(n => Schedulability.Check(resources, 1, strategy, n, default)).ToList();
            if (!single.Any(v => v.Fits))
            {
                failures.Add(Failure.Invalid($"No chosen node can take a replica: it {single[0].Refusals[0]}.", PlanFields.Nodes));
            }

            return;
        }

        var mine = running is null ? default : PromisedResources.Of(running.Resources, running.Replicas);
        var verdict = Schedulability.Check(resources, draft.Replicas, strategy, node, mine);
        warnings.AddRange(verdict.Warnings.Select(w => $"{node.Name}: {w}."));
        if (!verdict.Fits)
        {
            failures.Add(Failure.Invalid($"It does not fit on {node.Name}: {string.Join("; ", verdict.Refusals)}.", PlanFields.Nodes));
        }
    }
}

/// <summary>The names of the fields of a <see cref="DraftPlan"/> in failures, and their bounds.</summary>
internal static class PlanFields
{
    public const int MaxReplicas = 64;
    public const int MaxThreads = 256;
    public const int MinMemoryMiB = 64;

    public const string Endpoint = "endpoint";
    public const string Target = "target";
    public const string Version = "version";
    public const string Nodes = "nodes";
    public const string Replicas = "replicas";
    public const string CpuThreads = "cpuThreads";
    public const string MemoryMiB = "memoryMiB";
    public const string Gpus = "gpus";
    public const string EnvironmentVariables = "environmentVariables";
    public const string Strategy = "strategy";
    public const string MaxSurge = "maxSurge";
    public const string ProgressDeadline = "progressDeadlineSeconds";
    public const string Reason = "reason";
    public const string Steps = "steps";
    public const string Gates = "gates";
    public const string KeepOld = "keepOldSeconds";
    public const string NodeSelector = "nodeSelector";
    public const string GpuResource = "gpuResource";
    public const string Autoscaling = "autoscaling";
    public const string Hostname = "hostname";

    /// <summary>Whether a field is one that only a Kubernetes cluster needs.</summary>
    public static bool IsKubernetes(string field) => field is NodeSelector or GpuResource or Autoscaling or Hostname;
}
