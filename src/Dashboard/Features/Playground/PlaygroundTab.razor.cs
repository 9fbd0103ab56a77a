using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Pages;

namespace Ops.Dashboard.Features.Playground;

public sealed partial class PlaygroundTab
{
    private const int MostShown = 10;
    private readonly List<SentRequest> sent = [];
    private ElementReference host;
    private IJSObjectReference? module;
    private DotNetObjectReference<PlaygroundTab>? self;
    private IReadOnlyList<PlaygroundInput>? inputs;
    private string nothing = "";
    private Guid? planId;
    private bool isLoading = true;
    private bool isDisposed;
    private bool mustStart;

    // Until the browser's script answers, a click in the form would be lost without a word.
    private bool isAlive;

    [Inject]
    internal EndpointPages Pages { get; set; } = default!;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required IJSRuntime Js { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    /// <summary>The endpoint.</summary>
    [Parameter, EditorRequired]
    public EndpointFacts Facts { get; set; } = default!;

    private string Path => $"/serve/{Facts.Name}/v2/models/{Facts.Stable?.Model}/infer";

    /// <summary>Called by the browser after each request: never with the tensors.</summary>
    /// <param name="status">The HTTP status, 0 when there was no answer.</param>
    /// <param name="milliseconds">From sending to the last byte.</param>
    /// <param name="sentBytes">Length of the request.</param>
    /// <param name="receivedBytes">Length of the answer.</param>
    [JSInvokable]
    public void Sent(int status, double milliseconds, double sentBytes, double receivedBytes)
    {
        sent.Insert(0, new(Time.GetUtcNow(), status, TimeSpan.FromMilliseconds(milliseconds), sentBytes, receivedBytes));
        if (sent.Count > MostShown)
        {
            sent.RemoveAt(MostShown);
        }

        StateHasChanged();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        isDisposed = true;
        await ScriptTeardown.RunAsync(async () =>
        {
            if (module is not null)
            {
                await module.InvokeVoidAsync("stop", host);
                await module.DisposeAsync();
            }
        });

        self?.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (!isLoading && planId == Facts.Stable?.PlanId)
        {
            return;
        }

        planId = Facts.Stable?.PlanId;
        var plan = planId is { } id ? await Pages.PlanAsync(id, CancellationToken.None) : null;
        inputs = plan?.Model is { } model ? PlaygroundForm.Of(model) : null;
        nothing = planId is null ? "Once a rollout has succeeded, its model can be tried here." : "The signature of this version is not known, so no form can be made. Call the endpoint from a program.";
        (isLoading, mustStart, isAlive) = (false, inputs is not null, false);
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!mustStart)
        {
            return;
        }

        mustStart = false;
        module ??= await Js.InvokeAsync<IJSObjectReference>("import", "./js/playground.js");
        if (isDisposed)
        {
            await module.DisposeAsync();
            return;
        }

        self ??= DotNetObjectReference.Create(this);
        await module.InvokeVoidAsync("start", host, self, new
        {
            path = Path,
            url = Navigation.ToAbsoluteUri(Path.TrimStart('/')).ToString(),
            withToken = Facts.Stable?.RequiresToken == true,
            inputs = inputs!.Select(i => new { name = i.Name, datatype = i.Datatype, shape = i.Dimensions.Select(d => d.Size), image = i.Image, problem = i.Problem }),
        });
        isAlive = true;
        StateHasChanged();
    }

    private static string Word(int status) => status == 0 ? "no answer" : status.ToString();

    private sealed record SentRequest(DateTimeOffset At, int Status, TimeSpan Latency, double SentBytes, double ReceivedBytes);
}
