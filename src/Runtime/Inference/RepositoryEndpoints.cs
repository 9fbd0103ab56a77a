using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Inference;

/// <summary>Answers the model repository extension: what there is, load, unload.</summary>
internal sealed class RepositoryEndpoints(ModelRepository repository, MemoryBudget budget, RuntimeState state, Answers answers, IOptions<RuntimeOptions> options, ILogger<RepositoryEndpoints> log)
{
    private const int MaxBodyBytes = 64 * 1024;
    private const int MaxDepth = 16;

    private readonly byte[]? tokenHash = options.Value.Repository.Token is { } token ? Hash(token) : null;

    public async Task IndexAsync(HttpContext context)
    {
        var onlyReady = false;
        await ReadAsync(context, (property, value) =>
        {
            if (property == "ready")
            {
                onlyReady = value.ValueKind is JsonValueKind.True or JsonValueKind.False
                    ? value.GetBoolean()
                    : throw ProtocolException.BadRequest("The member 'ready' must be true or false.");
            }
        });
        await answers.WriteArrayAsync(context, json =>
        {
            foreach (var entry in repository.Index().Where(e => !onlyReady || e.State == RepositoryState.Ready))
            {
                json.WriteStartObject();
                json.WriteString("name"u8, entry.Name);
                json.WriteString("version"u8, entry.Version);
                json.WriteString("state"u8, entry.State.ToString().ToUpperInvariant());
                json.WriteString("reason"u8, entry.Reason);
                json.WriteEndObject();
            }
        });
    }

    public Task LoadAsync(HttpContext context) => AnswerAsync(context, load: true);

    public Task UnloadAsync(HttpContext context) => AnswerAsync(context, load: false);

    /// <summary>Loads or unloads, whatever protocol asked for it.</summary>
    /// <param name="context">The request, which must be authorized already.</param>
    /// <param name="load">False to unload.</param>
    /// <param name="name">Of the model.</param>
    /// <param name="version">Null for all of them.</param>
    /// <exception cref="ProtocolException">It cannot be done, or not now.</exception>
    public Task ChangeAsync(HttpContext context, bool load, string name, string? version)
    {
        if (state.Snapshot.Phase is not (RuntimePhase.Ready or RuntimePhase.Failed))
        {
            throw new ProtocolException(StatusCodes.Status503ServiceUnavailable, state.IsDraining ? "The server is stopping." : "The models are still being loaded.");
        }

        log.RepositoryChange(context.TraceIdentifier, load ? "load" : "unload", name, version ?? "all", RuntimeTracing.TraceId(context));
        return load ? repository.LoadAsync(name, version) : repository.UnloadAsync(name, version);
    }

    /// <summary>Makes sure that the caller may load and unload.</summary>
    /// <exception cref="ProtocolException">401 or 403: it may not.</exception>
    public void Authorize(HttpContext context)
    {
        if (!options.Value.Repository.Enabled)
        {
            throw new ProtocolException(StatusCodes.Status403Forbidden, "Loading and unloading over the network is switched off (Ops:Runtime:Repository:Enabled).");
        }

        if (context.Request.Headers.Origin.Count > 0)
        {
            // Any page in a browser on this machine could otherwise send such a request to a server without a token.
            throw new ProtocolException(StatusCodes.Status403Forbidden, "Pages in browsers may not load or unload models.");
        }

        const string scheme = "Bearer ";
        var given = context.Request.Headers.Authorization.ToString();
        if (tokenHash is not null
            && !(given.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Hash(given[scheme.Length..]), tokenHash)))
        {
            throw new ProtocolException(StatusCodes.Status401Unauthorized, "Loading and unloading needs the server's bearer token.");
        }
    }

    private async Task AnswerAsync(HttpContext context, bool load)
    {
        Authorize(context);
        await ReadAsync(context, RefuseUnknown);
        await ChangeAsync(context, load, (string)context.GetRouteValue("model")!, (string?)context.GetRouteValue("version"));
        await answers.WriteAsync(context, StatusCodes.Status200OK, _ => { });
    }

    /// <summary>Triton's clients can send a configuration or files for the model; here neither is taken from a request.</summary>
    private static void RefuseUnknown(string property, JsonElement value)
    {
        if (property != "parameters")
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ProtocolException.BadRequest("parameters must be an object.");
        }

        foreach (var parameter in value.EnumerateObject())
        {
            if (!parameter.NameEquals("unload_dependents"u8))
            {
                throw ProtocolException.BadRequest("Models are loaded as the server's configuration names them; a request can give neither files nor settings.");
            }
        }
    }

    /// <summary>The body may be missing; otherwise it is an object.</summary>
    private async Task ReadAsync(HttpContext context, Action<string, JsonElement> member)
    {
        using var memory = budget.Open();
        using var body = await RequestBody.ReadAsync(context.Request.BodyReader, MaxBodyBytes, memory, context.RequestAborted);
        if (body.Span.IsEmpty)
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
            using var document = JsonDocument.ParseValue(ref reader);
            if (reader.Read() || document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw ProtocolException.BadRequest("The body must be an object.");
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                member(property.Name, property.Value);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw ProtocolException.BadRequest($"The body is not valid JSON, or nested deeper than {MaxDepth} levels.");
        }
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
