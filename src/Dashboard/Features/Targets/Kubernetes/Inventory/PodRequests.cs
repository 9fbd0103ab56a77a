using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Inventory;

/// <summary>What pods were promised, counted as the scheduler counts: the containers and sidecars together, or the greediest init step with the sidecars before it if that is more, unless the pod asks as a whole.</summary>
internal static class PodRequests
{
    /// <summary>Whether a pod takes something of its node.</summary>
    public static bool IsPlaced(V1Pod pod) => pod.Spec?.NodeName is { Length: > 0 } && pod.Status?.Phase is not ("Succeeded" or "Failed");

    /// <summary>The promises of all.</summary>
    public static Dictionary<string, decimal> Sum(IEnumerable<V1Pod> pods)
    {
        Dictionary<string, decimal> sum = new(StringComparer.Ordinal);
        foreach (var (name, amount) in pods.SelectMany(Of))
        {
            sum[name] = sum.GetValueOrDefault(name) + amount;
        }

        return sum;
    }

    private static Dictionary<string, decimal> Of(V1Pod pod)
    {
        Dictionary<string, decimal> running = new(StringComparer.Ordinal);
        Dictionary<string, decimal> sidecars = new(StringComparer.Ordinal);
        Dictionary<string, decimal> starting = new(StringComparer.Ordinal);
        foreach (var container in pod.Spec.Containers ?? [])
        {
            Add(running, container);
        }

        foreach (var container in pod.Spec.InitContainers ?? [])
        {
            // One that is restarted always goes on beside the others (a sidecar), those too that start later; the rest run one after the other.
            Dictionary<string, decimal> step = new(sidecars, StringComparer.Ordinal);
            Add(step, container);
            if (container.RestartPolicy == "Always")
            {
                Add(running, container);
                sidecars = step;
            }

            foreach (var (name, amount) in step)
            {
                starting[name] = Math.Max(starting.GetValueOrDefault(name), amount);
            }
        }

        foreach (var (name, amount) in starting)
        {
            running[name] = Math.Max(running.GetValueOrDefault(name), amount);
        }

        // What is asked for the pod as a whole counts instead of what its containers ask for.
        foreach (var (name, amount) in pod.Spec.Resources?.Requests ?? new Dictionary<string, ResourceQuantity>())
        {
            running[name] = amount.ToDecimal();
        }

        foreach (var (name, amount) in pod.Spec.Overhead ?? new Dictionary<string, ResourceQuantity>())
        {
            running[name] = running.GetValueOrDefault(name) + amount.ToDecimal();
        }

        return running;
    }

    private static void Add(Dictionary<string, decimal> sum, V1Container container)
    {
        foreach (var (name, amount) in Requests(container))
        {
            sum[name] = sum.GetValueOrDefault(name) + amount;
        }
    }

    // A limit without a request is a request of as much.
    private static IEnumerable<(string Name, decimal Amount)> Requests(V1Container container)
    {
        var requests = container.Resources?.Requests;
        foreach (var (name, amount) in requests ?? new Dictionary<string, ResourceQuantity>())
        {
            yield return (name, amount.ToDecimal());
        }

        foreach (var (name, amount) in container.Resources?.Limits ?? new Dictionary<string, ResourceQuantity>())
        {
            if (requests?.ContainsKey(name) != true)
            {
                yield return (name, amount.ToDecimal());
            }
        }
    }
}
