using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>One field and what is wrong with it.</summary>
internal sealed record FieldProblem(string Reason, string Field, string Message)
{
    /// <summary>A value that cannot be taken.</summary>
    public static FieldProblem Invalid(string field, object? value, string why) => new("FieldValueInvalid", field, $"Invalid value: {Show(value)}: {why}");

    /// <summary>A value that is missing.</summary>
    public static FieldProblem Required(string field, string why = "") => new("FieldValueRequired", field, "Required value" + (why.Length > 0 ? ": " + why : ""));

    /// <summary>A value that something else has already.</summary>
    public static FieldProblem Duplicate(string field, string value) => new("FieldValueDuplicate", field, $"Duplicate value: \"{value}\"");

    /// <summary>A value outside a fixed list.</summary>
    public static FieldProblem NotSupported(string field, string value, params string[] supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: \"{value}\": supported values: {string.Join(", ", supported.Select(s => $"\"{s}\""))}");

    private static string Show(object? value) => value switch
    {
        string text => $"\"{text}\"",
        JsonNode node => node.ToJsonString(Json.Plain),
        _ => value?.ToString() ?? "null",
    };
}

/// <summary>A <c>Status</c> that the API answers instead of what was asked for.</summary>
internal sealed record ApiStatus(int Code, string Reason, string Message, JsonObject? Details = null)
{
    /// <summary>How long to wait, as the header says; null for none.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Goes with an expired list: where an inconsistent continuation may start.</summary>
    public string? Continue { get; init; }

    /// <summary>No such object.</summary>
    public static ApiStatus NotFound(ResourceKind kind, string name) => new(404, "NotFound", $"{kind.GroupResource} \"{name}\" not found", DetailsOf(kind, name));

    /// <summary>No such path.</summary>
    public static ApiStatus NoSuchResource() => new(404, "NotFound", "the server could not find the requested resource", []);

    /// <summary>The name is taken.</summary>
    public static ApiStatus AlreadyExists(ResourceKind kind, string name) => new(409, "AlreadyExists", $"{kind.GroupResource} \"{name}\" already exists", DetailsOf(kind, name));

    /// <summary>Somebody wrote in between, or a precondition does not hold.</summary>
    public static ApiStatus Conflict(ResourceKind kind, string name, string why = "the object has been modified; please apply your changes to the latest version and try again") =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.GroupResource} \"{name}\": {why}", DetailsOf(kind, name));

    /// <summary>Not allowed, or refused by admission.</summary>
    public static ApiStatus Forbidden(ResourceKind kind, string name, string why) =>
        new(403, "Forbidden", $"{kind.GroupResource}{(name.Length > 0 ? $" \"{name}\"" : "")} is forbidden: {why}", DetailsOf(kind, name));

    /// <summary>No or an unknown credential.</summary>
    public static ApiStatus Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    /// <summary>The request cannot be understood.</summary>
    public static ApiStatus BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>The verb does not exist for the kind.</summary>
    public static ApiStatus MethodNotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    /// <summary>A patch of a type the server does not take.</summary>
    public static ApiStatus UnsupportedMediaType(string given) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml (got {given})", []);

    /// <summary>What was asked for is gone from the history.</summary>
    public static ApiStatus Expired(string message) => new(410, "Expired", message);

    /// <summary>Something failed on the server.</summary>
    public static ApiStatus InternalError(string message) =>
        new(500, "InternalError", "Internal error occurred: " + message, new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = message }) });

    /// <summary>Fields that cannot be taken.</summary>
    public static ApiStatus Invalid(ResourceKind kind, string name, IReadOnlyList<FieldProblem> problems)
    {
        var texts = problems.Select(p => $"{p.Field}: {p.Message}").Distinct().ToList();
        var details = new JsonObject { ["name"] = name, ["kind"] = kind.Kind };
        if (kind.Group.Length > 0)
        {
            details["group"] = kind.Group;
        }

        details["causes"] = new JsonArray([.. problems.Select(p => (JsonNode)new JsonObject { ["reason"] = p.Reason, ["message"] = p.Message, ["field"] = p.Field })]);
        var qualified = kind.Group.Length > 0 ? $"{kind.Kind}.{kind.Group}" : kind.Kind;
        return new(422, "Invalid", $"{qualified} \"{name}\" is invalid: {(texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]")}", details);
    }

    /// <summary>Server-side apply met fields that others own.</summary>
    public static ApiStatus ApplyConflict(IReadOnlyList<(string Manager, string Path)> conflicts)
    {
        string message;
        if (conflicts.Count == 1)
        {
            message = $"Apply failed with 1 conflict: conflict with {conflicts[0].Manager}: {conflicts[0].Path}";
        }
        else
        {
            var lines = conflicts.GroupBy(c => c.Manager).OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(g => g.Select(c => "- " + c.Path).Prepend($"conflicts with {g.Key}:"));
            message = $"Apply failed with {conflicts.Count} conflicts: {string.Join('\n', lines)}";
        }

        var causes = conflicts.Select(c => (JsonNode)new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {c.Manager}", ["field"] = c.Path });
        return new(409, "Conflict", message, new JsonObject { ["causes"] = new JsonArray([.. causes]) });
    }

    /// <summary>The body.</summary>
    public JsonObject ToJson()
    {
        var metadata = new JsonObject();
        if (Continue is not null)
        {
            metadata["continue"] = Continue;
        }

        var body = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = metadata, ["status"] = "Failure", ["message"] = Message, ["reason"] = Reason };
        if (Details is not null)
        {
            body["details"] = Details.DeepClone();
        }

        body["code"] = Code;
        return body;
    }

    private static JsonObject DetailsOf(ResourceKind kind, string name)
    {
        var details = new JsonObject { ["kind"] = kind.Plural };
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (kind.Group.Length > 0)
        {
            details["group"] = kind.Group;
        }

        return details;
    }
}
