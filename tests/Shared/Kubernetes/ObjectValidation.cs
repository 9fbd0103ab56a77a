using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>The rules an object has to meet beyond its types, as far as this product can break them.</summary>
internal sealed class ObjectValidation
{
    private readonly List<FieldProblem> problems = [];

    private ObjectValidation()
    {
    }

    /// <summary>What is wrong with an object that is about to be stored.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="target">The object, with defaults filled in.</param>
    /// <param name="live">What it replaces; null for a new object.</param>
    public static IReadOnlyList<FieldProblem> Check(ResourceKind kind, JsonObject target, JsonObject? live)
    {
        var check = new ObjectValidation();
        check.Metadata(kind, target);
        var spec = target.Object("spec") ?? [];
        switch (kind.Kind)
        {
            case "Deployment":
                check.Deployment(spec, live?.Object("spec"));
                break;
            case "Pod":
                check.PodSpec(spec, "spec");
                check.PodUpdate(spec, live?.Object("spec"));
                break;
            case "Service":
                check.Service(spec, live?.Object("spec"));
                break;
            case "PodDisruptionBudget":
                if (spec.ContainsKey("minAvailable") && spec.ContainsKey("maxUnavailable"))
                {
                    check.problems.Add(FieldProblem.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
                }

                break;
            case "HorizontalPodAutoscaler":
                check.Autoscaler(spec);
                break;
            case "Lease":
                if (spec.Number("leaseDurationSeconds") <= 0)
                {
                    check.problems.Add(FieldProblem.Invalid("spec.leaseDurationSeconds", spec["leaseDurationSeconds"], "must be greater than 0"));
                }

                if (spec.Number("leaseTransitions") < 0)
                {
                    check.problems.Add(FieldProblem.Invalid("spec.leaseTransitions", spec["leaseTransitions"], "must be greater than or equal to 0"));
                }

                break;
        }

        return check.problems;
    }

    private void Metadata(ResourceKind kind, JsonObject target)
    {
        var name = target.Text("metadata", "name") ?? "";
        AddAll("metadata.name", name, NameRules.ObjectName(kind.Kind, name));
        Labels(target.Object("metadata", "labels"), "metadata.labels");
        foreach (var (key, _) in target.Object("metadata", "annotations") ?? [])
        {
            AddAll("metadata.annotations", key, NameRules.QualifiedName(key.ToLowerInvariant()));
        }
    }

    private void Labels(JsonObject? labels, string path)
    {
        foreach (var (key, value) in labels ?? [])
        {
            AddAll(path, key, NameRules.QualifiedName(key));
            AddAll(path, value.Text() ?? "", NameRules.LabelValue(value.Text() ?? ""));
        }
    }

    private void Deployment(JsonObject spec, JsonObject? live)
    {
        AtLeastZero(spec, "replicas");
        AtLeastZero(spec, "minReadySeconds");
        AtLeastZero(spec, "revisionHistoryLimit");
        if (spec.Number("progressDeadlineSeconds") is { } deadline && deadline <= (spec.Number("minReadySeconds") ?? 0))
        {
            problems.Add(FieldProblem.Invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
        }

        var selector = spec.Object("selector");
        var labels = spec.Object("template", "metadata", "labels");
        if (selector is null)
        {
            problems.Add(FieldProblem.Required("spec.selector"));
        }
        else if (selector.Count == 0)
        {
            problems.Add(FieldProblem.Invalid("spec.selector", selector, "empty selector is invalid for deployment"));
        }

        if (selector is not null && !Selectors.ParseObject(selector).Matches(labels))
        {
            problems.Add(FieldProblem.Invalid("spec.template.metadata.labels", labels ?? [], "`selector` does not match template `labels`"));
        }

        if (live is not null && !JsonNode.DeepEquals(live["selector"], selector))
        {
            problems.Add(FieldProblem.Invalid("spec.selector", selector, "field is immutable"));
        }

        var rolling = spec.Object("strategy", "rollingUpdate");
        if (spec.Text("strategy", "type") == "Recreate" && rolling is not null)
        {
            problems.Add(new FieldProblem("FieldValueForbidden", "spec.strategy.rollingUpdate", "Forbidden: may not be specified when strategy `type` is 'Recreate'"));
        }
        else if (rolling is not null && IsZero(rolling["maxSurge"]) && IsZero(rolling["maxUnavailable"]))
        {
            problems.Add(FieldProblem.Invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"));
        }

        Labels(labels, "spec.template.labels");
        var pods = spec.Object("template", "spec") ?? [];
        if (pods.Text("restartPolicy") is { } policy && policy != "Always")
        {
            problems.Add(FieldProblem.NotSupported("spec.template.spec.restartPolicy", policy, "Always"));
        }

        PodSpec(pods, "spec.template.spec");
    }

    private void PodSpec(JsonObject spec, string path)
    {
        var volumes = spec.Items("volumes").Select(v => v.Text("name") ?? "").ToHashSet(StringComparer.Ordinal);
        if (!spec.Items("containers").Any())
        {
            problems.Add(FieldProblem.Required(path + ".containers"));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var list in (string[])["initContainers", "containers"])
        {
            var index = 0;
            foreach (var container in spec.Items(list))
            {
                Container(container, $"{path}.{list}[{index++}]", names, volumes);
            }
        }

        foreach (var (key, value) in spec.Object("nodeSelector") ?? [])
        {
            AddAll(path + ".nodeSelector", key, NameRules.QualifiedName(key));
            AddAll(path + ".nodeSelector", value.Text() ?? "", NameRules.LabelValue(value.Text() ?? ""));
        }

        foreach (var volume in volumes)
        {
            AddAll(path + ".volumes.name", volume, NameRules.Label(volume));
        }
    }

    private void Container(JsonObject container, string path, HashSet<string> names, HashSet<string> volumes)
    {
        var name = container.Text("name") ?? "";
        if (name.Length == 0)
        {
            problems.Add(FieldProblem.Required(path + ".name"));
        }
        else if (!names.Add(name))
        {
            problems.Add(FieldProblem.Duplicate(path + ".name", name));
        }
        else
        {
            AddAll(path + ".name", name, NameRules.Label(name));
        }

        if (string.IsNullOrEmpty(container.Text("image")))
        {
            problems.Add(FieldProblem.Required(path + ".image"));
        }

        var index = 0;
        foreach (var port in container.Items("ports"))
        {
            if (port.Number("containerPort") is not (> 0 and < 65536))
            {
                problems.Add(FieldProblem.Invalid($"{path}.ports[{index}].containerPort", port["containerPort"], "must be between 1 and 65535, inclusive"));
            }

            index++;
        }

        index = 0;
        foreach (var mount in container.Items("volumeMounts"))
        {
            if (!volumes.Contains(mount.Text("name") ?? ""))
            {
                problems.Add(new FieldProblem("FieldValueNotFound", $"{path}.volumeMounts[{index}].name", $"Not found: \"{mount.Text("name")}\""));
            }

            index++;
        }

        Resources(container, path + ".resources");
    }

    private void Resources(JsonObject container, string path)
    {
        var limits = container.Object("resources", "limits");
        foreach (var (list, amounts) in new[] { ("limits", limits), ("requests", container.Object("resources", "requests")) })
        {
            foreach (var (name, amount) in amounts ?? [])
            {
                var text = amount.Text() ?? "";
                if (!Quantity.IsValid(text) || Quantity.Milli(text) < 0)
                {
                    problems.Add(FieldProblem.Invalid($"{path}.{list}[{name}]", text, "must be greater than or equal to 0"));
                }
                else if (name.Contains('/', StringComparison.Ordinal) && Quantity.Milli(text) % 1000 != 0)
                {
                    problems.Add(FieldProblem.Invalid($"{path}.{list}[{name}]", text, "must be an integer"));
                }
                else if (list == "requests" && name.Contains('/', StringComparison.Ordinal) && limits?[name] is null)
                {
                    problems.Add(FieldProblem.Required($"{path}.limits", "Limit must be set for non overcommitable resources"));
                }
                else if (list == "requests" && limits?[name].Text() is { } limit && (name.Contains('/', StringComparison.Ordinal) ? Quantity.Milli(text) != Quantity.Milli(limit) : Quantity.Milli(text) > Quantity.Milli(limit)))
                {
                    problems.Add(FieldProblem.Invalid($"{path}.requests", text, name.Contains('/', StringComparison.Ordinal) ? $"must be equal to {name} limit of {limit}" : $"must be less than or equal to {name} limit of {limit}"));
                }
            }
        }
    }

    private void PodUpdate(JsonObject spec, JsonObject? live)
    {
        if (live is null)
        {
            return;
        }

        var mayChange = live.Copy();
        foreach (var field in (string[])["tolerations", "activeDeadlineSeconds", "terminationGracePeriodSeconds", "nodeName"])
        {
            mayChange[field] = spec[field]?.DeepClone();
        }

        foreach (var (old, now) in mayChange.Items("containers").Zip(spec.Items("containers")))
        {
            old["image"] = now["image"]?.DeepClone();
        }

        if (!JsonNode.DeepEquals(FieldValidation.Normalize(ResourceKind.Pod.Schema.Find("spec"), mayChange), FieldValidation.Normalize(ResourceKind.Pod.Schema.Find("spec"), spec)))
        {
            problems.Add(new FieldProblem("FieldValueForbidden", "spec", "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        }
    }

    private void Service(JsonObject spec, JsonObject? live)
    {
        var ports = spec.Items("ports").ToList();
        if (ports.Count == 0 && spec.Text("clusterIP") != "None")
        {
            problems.Add(FieldProblem.Required("spec.ports"));
        }

        for (var index = 0; index < ports.Count; index++)
        {
            if (ports.Count > 1 && ports[index].Text("name") is null)
            {
                problems.Add(FieldProblem.Required($"spec.ports[{index}].name"));
            }

            if (ports[index].Number("port") is not (> 0 and < 65536))
            {
                problems.Add(FieldProblem.Invalid($"spec.ports[{index}].port", ports[index]["port"], "must be between 1 and 65535, inclusive"));
            }
        }

        if (live.Text("clusterIP") is { } address && spec.Text("clusterIP") != address)
        {
            problems.Add(FieldProblem.Invalid("spec.clusterIPs[0]", spec.Text("clusterIP"), "may not change once set"));
        }
    }

    private void Autoscaler(JsonObject spec)
    {
        if (spec.Number("maxReplicas") is not > 0)
        {
            problems.Add(FieldProblem.Invalid("spec.maxReplicas", spec.Number("maxReplicas") ?? 0, "must be greater than 0"));
        }
        else if (spec.Number("minReplicas") > spec.Number("maxReplicas"))
        {
            problems.Add(FieldProblem.Invalid("spec.maxReplicas", spec["maxReplicas"], "must be greater than or equal to `minReplicas`"));
        }

        if (spec.Text("scaleTargetRef", "name") is null)
        {
            problems.Add(FieldProblem.Required("spec.scaleTargetRef.name"));
        }
    }

    private void AtLeastZero(JsonObject spec, string field)
    {
        if (spec.Number(field) < 0)
        {
            problems.Add(FieldProblem.Invalid("spec." + field, spec[field], "must be greater than or equal to 0"));
        }
    }

    private void AddAll(string field, string value, IEnumerable<string> whys) => problems.AddRange(whys.Select(w => FieldProblem.Invalid(field, value, w)));

    private static bool IsZero(JsonNode? value) => value.Text() is "0" or "0%";
}
