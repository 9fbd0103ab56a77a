using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace Ops.Dashboard.Components.Layout;

public sealed partial class MainLayout : IDisposable
{
    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required EnvironmentFilter Environment { get; init; }

    // A page that failed must not take the next one with it: another path starts with a fresh error boundary. Asked for while rendering,
    // because a key that followed a moment after the page would make every page twice.
    private string Page => new Uri(Navigation.Uri).AbsolutePath;

    private string ContentLink => $"{Navigation.Uri.Split('#')[0]}#content";

    /// <inheritdoc/>
    public void Dispose()
    {
        Environment.Changed -= StateHasChanged;
        Navigation.LocationChanged -= OnLocationChanged;
    }

    protected override void OnInitialized()
    {
        Environment.Changed += StateHasChanged;
        Navigation.LocationChanged += OnLocationChanged;
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            await Environment.StartAsync();
        }
    }

    private Task ChangeEnvironmentAsync(ChangeEventArgs change) =>
        Environment.SelectAsync(change.Value is string { Length: > 0 } value ? value : null);

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change) => _ = InvokeAsync(StateHasChanged);
}
