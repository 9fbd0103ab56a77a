using System.Net;
using System.Net.Sockets;
using k8s.Models;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>What pods may reach: name servers, and where their files are.</summary>
/// <remarks>
/// Networks look at a connection after the cluster has put a pod's address and port in the place of a Service's. So the port in an address says
/// nothing of a store that is a Service; of the pods behind it only the namespace is known, and often not even that.
/// </remarks>
internal static class FetchEgress
{
    private const int NameService = 53;

    // Where OpenShift's name servers listen behind the Service with the usual port.
    private const int NamePods = 5353;
    private const string NamespaceName = "kubernetes.io/metadata.name";

    private static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("fc00::/7"),
    ];

    private static V1NetworkPolicyPeer AnyPod => new() { NamespaceSelector = new() };

    /// <summary>The rules for files in these places.</summary>
    /// <param name="sources">Files of the revisions.</param>
    /// <param name="ns">The namespace of the pods, in which a name without any other is looked up.</param>
    public static List<V1NetworkPolicyEgressRule> Rules(IEnumerable<VersionSource> sources, string ns)
    {
        var places = sources.SelectMany(s => s.Files).Select(f => f.Source).Where(s => s.Port > 0).ToList();
        List<V1NetworkPolicyEgressRule> rules =
        [
            new() { Ports = [Port("UDP", NameService), Port("TCP", NameService)] },
            new() { To = [AnyPod], Ports = [Port("UDP", NamePods), Port("TCP", NamePods)] },
        ];
        if (places.Count > 0)
        {
            rules.Add(new()
            {
                To = [Outside("0.0.0.0/0", AddressFamily.InterNetwork), Outside("::/0", AddressFamily.InterNetworkV6), AnyPod],
                Ports = [.. places.Select(p => p.Port).Distinct().Order().Select(p => Port("TCP", p))],
            });
        }

        var pods = places.Select(p => PodsBehind(p, ns)).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (pods.Count > 0)
        {
            rules.Add(new()
            {
                To = pods[0].Length == 0 ? [AnyPod] : [.. pods.Select(name => new V1NetworkPolicyPeer { NamespaceSelector = new() { MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { [NamespaceName] = name } } })],
                Ports = [new() { Protocol = "TCP" }],
            });
        }

        return rules;
    }

    /// <summary>The namespace of the pods that a place in the cluster may lead to; empty for any, null for a place outside.</summary>
    private static string? PodsBehind(Uri place, string ns)
    {
        var host = place.DnsSafeHost;
        if (IPAddress.TryParse(host, out var address))
        {
            return Private.Any(p => p.Contains(address)) ? "" : null;
        }

        // name, name.ns, name.ns.svc, pod.name.ns.svc and the same with the cluster's domain. A name of the outside that looks so names a namespace that is not there.
        var labels = host.TrimEnd('.').ToLowerInvariant().Split('.');
        return labels.Length switch
        {
            1 => ns,
            2 => labels[1],
            _ when labels[2] == "svc" => labels[1],
            > 3 when labels[3] == "svc" => labels[2],
            _ => null,
        };
    }

    // Nothing that a model runs has business where clouds hand out credentials of the machine.
    private static V1NetworkPolicyPeer Outside(string cidr, AddressFamily family) => new()
    {
        IpBlock = new() { Cidr = cidr, Except = [.. AddressRules.MetadataNetworks.Where(n => n.BaseAddress.AddressFamily == family).Select(n => n.ToString())] },
    };

    private static V1NetworkPolicyPort Port(string protocol, int port) => new() { Protocol = protocol, Port = port };
}
