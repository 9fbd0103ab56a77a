namespace Ops.Dashboard.Features.Registry;

/// <summary>The addresses of the registry's pages and of the pages they lead to.</summary>
internal static class RegistryLinks
{
    /// <summary>The list.</summary>
    public const string Models = "/models";

    /// <summary>The upload page.</summary>
    public const string Upload = "/models/upload";

    /// <summary>The page for versions that are fetched from elsewhere.</summary>
    public const string Import = "/models/import";

    /// <summary>A model.</summary>
    public static string Model(string name) => $"/models/{name}";

    /// <summary>The deleted versions of a model.</summary>
    public static string Deleted(string model) => $"/models/{model}?deleted=true";

    /// <summary>Which versions of a model are kept.</summary>
    public static string Retention(string model) => $"/models/{model}/retention";

    /// <summary>The upload page with the model filled in.</summary>
    public static string UploadTo(string model) => $"{Upload}?model={model}";

    /// <summary>The import page with the model filled in.</summary>
    public static string ImportTo(string model) => $"{Import}?model={model}";

    /// <summary>A version.</summary>
    public static string Version(string model, int number) => $"/models/{model}/versions/{number}";

    /// <summary>Two versions side by side.</summary>
    public static string Compare(string model, int from, int to) => $"/models/{model}/compare?from={from}&to={to}";

    /// <summary>The wizard that plans a rollout of a version.</summary>
    public static string RollOut(Guid versionId) => $"/rollouts/new?version={versionId}";

    /// <summary>An endpoint.</summary>
    public static string Endpoint(string name) => $"/endpoints/{name}";
}
