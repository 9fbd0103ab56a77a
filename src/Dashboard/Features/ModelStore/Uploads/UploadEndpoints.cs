using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Access.Http;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>The upload protocol over HTTP, below <c>/api/uploads</c>. Described in docs/adr/0005.</summary>
internal static class UploadEndpoints
{
    private const string HashHeader = "X-Part-SHA256";
    private const int MaxAddresses = 64;
    private const long MaxMessageBytes = 16 * 1024 * 1024;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Maps the protocol.</summary>
    public static RouteGroupBuilder MapUploads(this IEndpointRouteBuilder app)
    {
        var uploads = app.MapGroup("/api/uploads").RequireAuthorization().AddEndpointFilter<AntiforgeryFilter>();
        uploads.MapGet("/", async (HttpContext http, UploadQueries queries) => Answer(await queries.ListAsync(Who(http), http.RequestAborted)));
        uploads.MapPost("/", BeginAsync);
        uploads.MapGet("/{id:guid}", async (Guid id, HttpContext http, UploadQueries queries) => Answer(await queries.GetAsync(Who(http), id, http.RequestAborted)));
        uploads.MapDelete("/{id:guid}", async (Guid id, HttpContext http, UploadCommands commands) => Answer(await commands.CancelAsync(Who(http), id, http.RequestAborted)));
        uploads.MapPost("/{id:guid}/addresses", AddressesAsync);
        uploads.MapPost("/{id:guid}/parts", ReportAsync);
        uploads.MapPost("/{id:guid}/through-dashboard", SendThroughDashboardAsync);
        uploads.MapPut("/{id:guid}/files/{fileId:guid}/parts/{number:int}", PutPartAsync);
        uploads.MapPost("/{id:guid}/complete", CompleteAsync);
        return uploads;
    }

    private static async Task<IResult> BeginAsync(HttpContext http, UploadCommands commands, UploadQueries queries)
    {
        var request = await ReadAsync<BeginUpload>(http);
        if (!request.Succeeded)
        {
            return Problem(request.Failure);
        }

        var begun = await commands.BeginAsync(Who(http), request.Value, http.RequestAborted);
        if (!begun.Succeeded)
        {
            return Problem(begun.Failure);
        }

        var status = await queries.GetAsync(Who(http), begun.Value, http.RequestAborted);
        return status.Succeeded ? Results.Created($"/api/uploads/{begun.Value}", status.Value) : Problem(status.Failure);
    }

    private static async Task<IResult> CompleteAsync(Guid id, HttpContext http, UploadCommands commands, UploadQueries queries)
    {
        var request = await ReadAsync<CompleteUpload>(http);
        if (!request.Succeeded)
        {
            return Problem(request.Failure);
        }

        var completed = await commands.CompleteAsync(Who(http), id, request.Value, http.RequestAborted);
        if (!completed.Succeeded)
        {
            return Problem(completed.Failure);
        }

        var status = await queries.GetAsync(Who(http), id, http.RequestAborted);
        return status.Succeeded ? Results.Json(status.Value, statusCode: status.Value.Version is null ? 202 : 200) : Problem(status.Failure);
    }

    private static async Task<IResult> AddressesAsync(Guid id, HttpContext http, PartAddresses addresses, ILogger<PartAddresses> log)
    {
        var request = await ReadAsync<AskAddresses>(http);
        if (!request.Succeeded)
        {
            return Problem(request.Failure);
        }

        if (request.Value.Parts is not { Count: > 0 and <= MaxAddresses } parts)
        {
            return Problem(Failure.Invalid($"Ask for 1 to {MaxAddresses} parts."));
        }

        return await WithStoreAsync(id, log, async () => Answer(await addresses.AskAsync(Who(http), id, parts, http.RequestAborted)));
    }

    private static async Task<IResult> ReportAsync(Guid id, HttpContext http, DirectPartRecorder recorder, ILogger<DirectPartRecorder> log)
    {
        var request = await ReadAsync<ReportParts>(http);
        return request.Succeeded
            ? await WithStoreAsync(id, log, async () => Answer(await recorder.RecordAsync(Who(http), id, request.Value.Parts ?? [], http.RequestAborted)))
            : Problem(request.Failure);
    }

    private static async Task<IResult> SendThroughDashboardAsync(Guid id, HttpContext http, UploadCommands commands)
    {
        var request = await ReadAsync<SendThroughDashboard>(http);
        return !request.Succeeded ? Problem(request.Failure)
            : Enum.TryParse<DirectTrouble>(request.Value.Trouble, out var trouble) && Enum.IsDefined(trouble) ? Answer(await commands.SendThroughDashboardAsync(Who(http), id, trouble, http.RequestAborted))
            : Problem(Failure.Invalid("Say what the trouble is."));
    }

    // Signing asks nothing of the network, but beginning an object and listing its parts do.
    private static async Task<IResult> WithStoreAsync(Guid id, ILogger log, Func<Task<IResult>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.StoreFailed(id, exception);
            return Problem(Failure.Unavailable("The model store cannot be used right now. It is tried again by itself."));
        }
    }

    private static async Task<IResult> PutPartAsync(Guid id, Guid fileId, int number, HttpContext http, PartReceiver receiver, ILogger<PartReceiver> log)
    {
        if (http.Request.ContentLength is not { } length)
        {
            return Results.Problem("A part says its length (Content-Length).", statusCode: StatusCodes.Status411LengthRequired);
        }

        var hash = http.Request.Headers[HashHeader].ToString();
        if (length > PartSizes.Largest || (hash.Length > 0 && !UploadRules.IsSha256(hash)))
        {
            return Problem(Failure.Invalid(length > PartSizes.Largest ? $"A part has at most {PartSizes.Largest} bytes." : $"{HashHeader} is 64 lower-case hex digits."));
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = PartSizes.Largest;
        }

        try
        {
            var part = new IncomingPart(id, fileId, number, length, hash.Length == 0 ? null : hash);
            return Answer(await receiver.ReceiveAsync(Who(http), part, http.Request.Body, http.RequestAborted));
        }
        catch (Exception exception) when (http.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            // Nobody is there to answer; the part does not count.
            return Results.Empty;
        }
        catch (BadHttpRequestException exception)
        {
            return Results.Problem("The part did not arrive whole. Send it again.", statusCode: exception.StatusCode);
        }
        catch (PartLengthException exception)
        {
            return Problem(Failure.Invalid(exception.Message));
        }
        catch (StoreFullException exception)
        {
            log.PartFailed(number, fileId, exception);
            return Results.Problem("The disk of the model store is full. Ask an administrator to make room; the upload can go on then.", statusCode: StatusCodes.Status507InsufficientStorage);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.PartFailed(number, fileId, exception);
            return Problem(Failure.Unavailable("The model store cannot keep this part right now. It is tried again by itself."));
        }
    }

    private static async Task<Result<T>> ReadAsync<T>(HttpContext http)
        where T : class
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxMessageBytes;
        }

        if (!http.Request.HasJsonContentType())
        {
            return Failure.Invalid("Send JSON.");
        }

        try
        {
            return await http.Request.ReadFromJsonAsync<T>(Json, http.RequestAborted) is { } message ? message : Failure.Invalid("The message is empty.");
        }
        catch (JsonException)
        {
            return Failure.Invalid("The message is not the JSON that was expected.");
        }
    }

    private static Caller Who(HttpContext http) => Caller.From(http.User);

    private static IResult Answer<T>(Result<T> result) => result.Succeeded ? Results.Ok(result.Value) : Problem(result.Failure);

    private static IResult Answer(Result result) => result.Succeeded ? Results.NoContent() : Problem(result.Failure);

    private static IResult Problem(Failure failure) => Results.Problem(
        failure.Message,
        statusCode: failure.Kind switch
        {
            FailureKind.Invalid => StatusCodes.Status400BadRequest,
            FailureKind.NotFound => StatusCodes.Status404NotFound,
            FailureKind.Forbidden => StatusCodes.Status403Forbidden,
            FailureKind.Conflict => StatusCodes.Status409Conflict,
            _ => StatusCodes.Status503ServiceUnavailable,
        },
        extensions: failure.Field is null ? null : new Dictionary<string, object?> { ["field"] = failure.Field });
}
