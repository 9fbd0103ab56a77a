using Ops.Data.Registry;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Rollouts.Plans;

/// <summary>Whether a version and a plan are still what people decided about. Asked when a plan is made, decided on, and before anything of it is started.</summary>
internal static class VersionIntegrity
{
    /// <summary>Why a version must not be served, or null. Its files must be loaded.</summary>
    public static string? Refuse(ModelVersion version)
    {
        if (version.IsDeleted)
        {
            return "it is deleted.";
        }

        if (version.State == VersionState.Damaged)
        {
            return "its files no longer match their SHA-256.";
        }

        return version.Files.Count == 0 || ModelVersion.ComputeDigest(version.Files.Select(f => (f.Path, f.Sha256))) != version.Digest
            ? "its list of files no longer matches its digest."
            : null;
    }

    /// <summary>Why a plan must not be carried out, or null.</summary>
    /// <param name="plan">The row.</param>
    /// <param name="version">The version it names, with its files; null when it is gone.</param>
    public static string? Refuse(Plan plan, ModelVersion? version)
    {
        if (!plan.IsIntact)
        {
            return "The plan is no longer the one that was sealed: its text does not have its hash.";
        }

        var spec = plan.Spec;
        if (version is null || version.Id != spec.VersionId)
        {
            return "The version in the plan does not exist any more.";
        }

        if (version.Digest != spec.VersionDigest)
        {
            return $"{spec.Model} {spec.Version} no longer has the digest in the plan.";
        }

        return Refuse(version) is { } damaged ? $"{spec.Model} {spec.Version} cannot be served: {damaged}" : null;
    }
}
