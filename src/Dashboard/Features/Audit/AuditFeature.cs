using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Authorization;

namespace Ops.Dashboard.Features.Audit;

/// <summary>Who did what: a page to look it up, and an export.</summary>
internal static class AuditFeature
{
    /// <summary>Adds what the page reads with. Entries are written by <see cref="CommandRunner"/>.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddSingleton<AuditQueries>();
        return services;
    }

    /// <summary>Maps the export.</summary>
    public static void MapAudit(this IEndpointRouteBuilder app) =>
        app.MapGet("/audit/export", AuditExport.ExportAsync).RequireAuthorization(new RequireRightAttribute(Right.View));
}
