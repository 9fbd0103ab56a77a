using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>What the API fills in where an object says nothing, as the API reference states it for each field.</summary>
internal static class ObjectDefaults
{
    /// <summary>Fills an object in place.</summary>
    public static void Fill(ResourceKind kind, JsonObject target)
    {
        switch (kind.Kind)
        {
            case "Deployment":
                FillDeployment(target.Make("spec"));
                break;
            case "ReplicaSet":
                Set(target.Make("spec"), "replicas", 1);
                FillTemplate(target.Make("spec"));
                break;
            case "Pod":
                FillPodSpec(target.Make("spec"));
                break;
            case "Service":
                FillService(target.Make("spec"));
                break;
            case "Secret":
                Set(target, "type", "Opaque");
                break;
            case "Namespace":
                target.Make("spec")["finalizers"] ??= new JsonArray("kubernetes");
                Set(target.Make("status"), "phase", "Active");
                Set(target.Make("metadata").Make("labels"), "kubernetes.io/metadata.name", target.Text("metadata", "name") ?? "");
                break;
            case "NetworkPolicy":
                var policy = target.Make("spec");
                policy["policyTypes"] ??= policy.ContainsKey("egress") ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
                foreach (var port in policy.Items("ingress").SelectMany(r => r.Items("ports")).Concat(policy.Items("egress").SelectMany(r => r.Items("ports"))))
                {
                    Set(port, "protocol", "TCP");
                }

                break;
            case "HorizontalPodAutoscaler":
                Set(target.Make("spec"), "minReplicas", 1);
                break;
            case "HTTPRoute":
                FillRoute(target.Make("spec"));
                break;
        }
    }

    private static void FillDeployment(JsonObject spec)
    {
        Set(spec, "replicas", 1);
        Set(spec, "progressDeadlineSeconds", 600);
        Set(spec, "revisionHistoryLimit", 10);
        var strategy = spec.Make("strategy");
        Set(strategy, "type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            Set(strategy.Make("rollingUpdate"), "maxUnavailable", "25%");
            Set(strategy.Make("rollingUpdate"), "maxSurge", "25%");
        }

        FillTemplate(spec);
    }

    private static void FillTemplate(JsonObject spec) => FillPodSpec(spec.Make("template").Make("spec"));

    private static void FillPodSpec(JsonObject spec)
    {
        Set(spec, "restartPolicy", "Always");
        Set(spec, "terminationGracePeriodSeconds", 30);
        Set(spec, "dnsPolicy", "ClusterFirst");
        Set(spec, "schedulerName", "default-scheduler");
        spec.Make("securityContext");
        if (spec.Text("serviceAccountName") is { } account)
        {
            Set(spec, "serviceAccount", account);
        }

        foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
        {
            FillContainer(container);
        }

        foreach (var volume in spec.Items("volumes"))
        {
            FillVolume(volume);
        }
    }

    private static void FillVolume(JsonObject volume)
    {
        foreach (var source in (string[])["secret", "configMap", "projected", "downwardAPI"])
        {
            if (volume.Object(source) is { } given)
            {
                Set(given, "defaultMode", 420);
            }
        }

        foreach (var item in volume.Items("projected", "sources"))
        {
            if (item.Object("serviceAccountToken") is { } token)
            {
                Set(token, "expirationSeconds", 3600);
            }
        }
    }

    private static void FillContainer(JsonObject container)
    {
        var image = container.Text("image") ?? "";
        var latest = !image.Contains('@', StringComparison.Ordinal) && (image.EndsWith(":latest", StringComparison.Ordinal) || !image[(image.LastIndexOf('/') + 1)..].Contains(':', StringComparison.Ordinal));
        Set(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
        Set(container, "terminationMessagePath", "/dev/termination-log");
        Set(container, "terminationMessagePolicy", "File");
        container.Make("resources");
        foreach (var port in container.Items("ports"))
        {
            Set(port, "protocol", "TCP");
        }

        foreach (var field in container.Items("env").Select(e => e.Object("valueFrom", "fieldRef")).OfType<JsonObject>())
        {
            Set(field, "apiVersion", "v1");
        }

        // What is limited but not asked for is asked for in full.
        if (container.Object("resources", "limits") is { } limits)
        {
            var requests = container.Make("resources").Make("requests");
            foreach (var (name, amount) in limits)
            {
                requests[name] ??= amount?.DeepClone();
            }
        }

        foreach (var probe in (string[])["startupProbe", "readinessProbe", "livenessProbe"])
        {
            if (container.Object(probe) is { } given)
            {
                Set(given, "timeoutSeconds", 1);
                Set(given, "periodSeconds", 10);
                Set(given, "successThreshold", 1);
                Set(given, "failureThreshold", 3);
                if (given.Object("httpGet") is { } get)
                {
                    Set(get, "path", "/");
                    Set(get, "scheme", "HTTP");
                }
            }
        }
    }

    private static void FillService(JsonObject spec)
    {
        Set(spec, "type", "ClusterIP");
        Set(spec, "sessionAffinity", "None");
        Set(spec, "internalTrafficPolicy", "Cluster");
        spec["ipFamilies"] ??= new JsonArray("IPv4");
        Set(spec, "ipFamilyPolicy", "SingleStack");
        foreach (var port in spec.Items("ports"))
        {
            Set(port, "protocol", "TCP");
            port["targetPort"] ??= port["port"]?.DeepClone();
        }
    }

    private static void FillRoute(JsonObject spec)
    {
        foreach (var parent in spec.Items("parentRefs"))
        {
            Set(parent, "group", "gateway.networking.k8s.io");
            Set(parent, "kind", "Gateway");
        }

        foreach (var rule in spec.Items("rules"))
        {
            rule["matches"] ??= new JsonArray(new JsonObject { ["path"] = new JsonObject { ["type"] = "PathPrefix", ["value"] = "/" } });
            foreach (var backend in rule.Items("backendRefs"))
            {
                // The core group's name is empty, and stays: extensions leave nothing out.
                Set(backend, "group", "");
                Set(backend, "kind", "Service");
                Set(backend, "weight", 1);
            }
        }
    }

    private static void Set(JsonObject target, string field, JsonNode value)
    {
        if (!target.ContainsKey(field))
        {
            target[field] = value;
        }
    }
}
