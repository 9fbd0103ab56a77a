using System.Text.Json.Nodes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>Small objects for tests.</summary>
internal static class Objects
{
    public static JsonObject Deployment(string name, string image, int replicas = 1, Action<JsonObject>? change = null)
    {
        var made = JsonNode.Parse($$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":{{{JsonValue.Create(name).ToJsonString()}}}},
             "spec":{"replicas":{{{replicas}}},"selector":{"matchLabels":{"app":"a"}},
             "template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"server","image":"{{{image}}}","ports":[{"containerPort":8080} ] } ] } } } }
            """)!.AsObject();
        change?.Invoke(made);
        return made;
    }

    public static JsonObject Service(string name) => JsonNode.Parse($$$"""
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{"selector":{"app":"a"},"ports":[{"name":"http","port":80,"targetPort":8080}]}}
        """)!.AsObject();

    public static JsonObject Lease(string name, string holder) => JsonNode.Parse($$$"""
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"{{{name}}}"},"spec":{"holderIdentity":"{{{holder}}}","leaseDurationSeconds":15}}
        """)!.AsObject();
}
