using System.Globalization;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Pages.Wizard;

/// <summary>The part of the form that only a Kubernetes cluster needs.</summary>
public sealed class KubernetesForm
{
    private const string UsualGpuResource = "nvidia.com/gpu";

    /// <summary>Labels that nodes must have, as <c>name=value</c>, separated by commas.</summary>
    public string NodeSelector { get; set; } = "";

    /// <summary>The extended resource that counts GPUs.</summary>
    public string GpuResource { get; set; } = UsualGpuResource;

    /// <summary>Whether the cluster changes the number of replicas by itself.</summary>
    public bool Scales { get; set; }

    /// <summary>The fewest replicas.</summary>
    public int MinReplicas { get; set; } = 1;

    /// <summary>The most replicas.</summary>
    public int MaxReplicas { get; set; } = 4;

    /// <summary>Goal of the CPU's use in percent.</summary>
    public int? CpuPercent { get; set; } = 70;

    /// <summary>Goal of the memory's use in percent.</summary>
    public int? MemoryPercent { get; set; }

    /// <summary>A metric of the pods.</summary>
    public string PodMetric { get; set; } = "";

    /// <summary>Its goal.</summary>
    public string PodMetricAverage { get; set; } = "";

    /// <summary>The host name of a route.</summary>
    public string Hostname { get; set; } = "";

    /// <summary>Whether anything of the rarely used settings is set.</summary>
    public bool IsAdvanced => Scales || Hostname.Length > 0;

    /// <summary>The labels that are filled in; what is no <c>name=value</c> is a name without a value, which the check refuses.</summary>
    internal IReadOnlyDictionary<string, string> Labels
    {
        get
        {
            SortedDictionary<string, string> labels = new(StringComparer.Ordinal);
            foreach (var pair in NodeSelector.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var at = pair.IndexOf('=', StringComparison.Ordinal);
                labels[at < 0 ? pair : pair[..at].Trim()] = at < 0 ? "" : pair[(at + 1)..].Trim();
            }

            return labels;
        }
    }

    /// <summary>Adds a label, or takes it away where it is there.</summary>
    public void Toggle(string name, string value)
    {
        SortedDictionary<string, string> labels = new((SortedDictionary<string, string>)Labels, StringComparer.Ordinal);
        if (!labels.Remove(name))
        {
            labels[name] = value;
        }

        NodeSelector = string.Join(", ", labels.Select(l => $"{l.Key}={l.Value}"));
    }

    /// <summary>Takes over what a plan says.</summary>
    internal void BeginFrom(PlanKubernetes? plan)
    {
        NodeSelector = plan is null ? "" : string.Join(", ", plan.NodeSelector.Select(l => $"{l.Key}={l.Value}"));
        GpuResource = plan?.GpuResource ?? UsualGpuResource;
        Hostname = plan?.Hostname ?? "";
        Scales = plan?.Autoscaling is not null;
        if (plan?.Autoscaling is { } scaling)
        {
            (MinReplicas, MaxReplicas, CpuPercent, MemoryPercent) = (scaling.MinReplicas, scaling.MaxReplicas, scaling.CpuPercent, scaling.MemoryPercent);
            (PodMetric, PodMetricAverage) = (scaling.PodMetric ?? "", scaling.PodMetricAverage ?? "");
        }
    }

    /// <summary>For the draft. The namespace and the image are the target's to say.</summary>
    internal PlanKubernetes ToPlan() => new()
    {
        Namespace = "",
        Image = "",
        NodeSelector = Labels,
        GpuResource = GpuResource.Trim(),
        Autoscaling = ToAutoscaling(),
        Hostname = Hostname.Trim() is { Length: > 0 } host ? host : null,
    };

    /// <summary>For the draft; null while the cluster is not to scale.</summary>
    internal PlanAutoscaling? ToAutoscaling() => Scales
        ? new()
        {
            MinReplicas = MinReplicas,
            MaxReplicas = MaxReplicas,
            CpuPercent = CpuPercent,
            MemoryPercent = MemoryPercent,
            PodMetric = PodMetric.Trim() is { Length: > 0 } metric ? metric : null,
            PodMetricAverage = PodMetricAverage.Trim() is { Length: > 0 } average ? average : null,
        }
        : null;

    /// <summary>What the address is to hold.</summary>
    internal IEnumerable<KeyValuePair<string, object?>> ToQuery()
    {
        yield return new("labels", NodeSelector.Trim().Length == 0 ? null : NodeSelector.Trim());
        yield return new("gpu-resource", GpuResource == UsualGpuResource || GpuResource.Length == 0 ? null : GpuResource);
        yield return new("host", Hostname.Length == 0 ? null : Hostname);
        yield return new("scale", Scales ? string.Create(CultureInfo.InvariantCulture, $"{MinReplicas}:{MaxReplicas}:{CpuPercent}:{MemoryPercent}:{PodMetric}:{PodMetricAverage}") : null);
    }

    /// <summary>Reads what an address holds; anything senseless in it is left at its default.</summary>
    /// <param name="text">A value of the address by its name, or null.</param>
    internal void Read(Func<string, string?> text)
    {
        NodeSelector = text("labels") ?? NodeSelector;
        GpuResource = text("gpu-resource") ?? GpuResource;
        Hostname = text("host") ?? Hostname;
        if (text("scale")?.Split(':', 6) is not [var min, var max, var cpu, var memory, var metric, var average])
        {
            return;
        }

        Scales = true;
        MinReplicas = Number(min) ?? MinReplicas;
        MaxReplicas = Number(max) ?? MaxReplicas;
        (CpuPercent, MemoryPercent, PodMetric, PodMetricAverage) = (Number(cpu), Number(memory), metric, average);

        static int? Number(string digits) => int.TryParse(digits, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
