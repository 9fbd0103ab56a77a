using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Audit;

namespace Ops.Dashboard.Features.Audit;

/// <summary>Answers <c>GET /audit/export</c> with every entry that matches the page's filters, as CSV or JSON lines.</summary>
internal static class AuditExport
{
    private const int FlushEvery = 500;
    private static readonly string[] Columns =
    [
        "id", "at", "person", "person_id", "signed_in_how", "action", "subject_kind", "subject_id", "subject_name", "result", "message", "reason", "before", "after",
        "correlation_id",
    ];

    /// <summary>Leaves an audit entry of its own before the first line is sent.</summary>
    public static async Task<IResult> ExportAsync(
        HttpContext context, CommandRunner commands, AuditQueries queries, TimeProvider time,
        string? format, string? person, string? action, string? subject, string? result, string? from, string? to, string? q)
    {
        var lines = format == "jsonl";
        if (!lines && format != "csv")
        {
            return Results.Problem("Say format=csv or format=jsonl.", statusCode: StatusCodes.Status400BadRequest);
        }

        var filter = AuditFilter.Parse(person, action, subject, result, from, to, q);
        var audited = await commands.RunAsync(
            Caller.From(context.User),
            "audit.export",
            Right.View,
            (scope, _) =>
            {
                scope.Audit("audit", "", "audit", after: new { Format = format, Filter = filter.AddTo("") });
                return Task.FromResult(Result.Done);
            },
            context.RequestAborted);
        if (!audited.Succeeded)
        {
            return Results.Problem(audited.Failure.Message, statusCode: StatusCodes.Status403Forbidden);
        }

        context.Response.Headers.CacheControl = "no-store";
        var name = $"ops-audit-{time.GetUtcNow():yyyyMMdd-HHmmss}.{format}";
        return Results.Stream(
            body => WriteAsync(body, queries.StreamAsync(filter, context.RequestAborted), lines, context.RequestAborted),
            lines ? "application/jsonl; charset=utf-8" : "text/csv; charset=utf-8",
            name);
    }

    private static async Task WriteAsync(Stream body, IAsyncEnumerable<AuditEntry> entries, bool lines, CancellationToken cancellation)
    {
        await using var writer = new StreamWriter(body, new UTF8Encoding(false), leaveOpen: true);
        if (!lines)
        {
            await writer.WriteAsync(CsvText.Line(Columns));
        }

        var written = 0;
        await foreach (var entry in entries.WithCancellation(cancellation))
        {
            await writer.WriteAsync(lines ? JsonLine(entry) : CsvLine(entry));
            if (++written % FlushEvery == 0)
            {
                await writer.FlushAsync(cancellation);
            }
        }
    }

    private static string CsvLine(AuditEntry entry) => CsvText.Line(
        entry.Id.ToString(), entry.At.UtcDateTime.ToString("O"), entry.PersonName, entry.PersonId?.ToString(), entry.SignedInHow, entry.Action, entry.SubjectKind,
        entry.SubjectId, entry.SubjectName, entry.Result.ToString(), entry.Message, entry.Reason, entry.BeforeJson, entry.AfterJson, entry.CorrelationId);

    private static string JsonLine(AuditEntry entry) => JsonSerializer.Serialize(
        new
        {
            entry.Id, entry.At, Person = entry.PersonName, entry.PersonId, entry.SignedInHow, entry.Action, entry.SubjectKind, entry.SubjectId, entry.SubjectName,
            Result = entry.Result.ToString(), entry.Message, entry.Reason, Before = Parsed(entry.BeforeJson), After = Parsed(entry.AfterJson), entry.CorrelationId,
        },
        JsonSerializerOptions.Web) + "\n";

    private static JsonNode? Parsed(string? json) => json is null ? null : JsonNode.Parse(json);
}
