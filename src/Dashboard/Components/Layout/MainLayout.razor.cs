using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace Ops.Dashboard.Components.Layout;

public sealed partial class MainLayout : IDisposable
{
    private string page = "";

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required EnvironmentFilter Environment { get; init; }

    private string ContentLink => $"{Navigation.Uri.Split('#')[0]}#content";

    /// <inheritdoc/>
    public void Dispose()
    {
        Environment.Changed -= StateHasChanged;
        Navigation.LocationChanged -= OnLocationChanged;
    }

    protected override void OnInitialized()
    {
        page = PathOf(Navigation.Uri);
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

    // A page that failed must not take the next one with it: another path starts with a fresh error boundary.
    private void OnLocationChanged(object? sender, LocationChangedEventArgs change)
    {
        page = PathOf(change.Location);
        _ = InvokeAsync(StateHasChanged);
    }

    private static string PathOf(string uri) => new Uri(uri).AbsolutePath;
}
