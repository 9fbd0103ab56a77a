using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.JSInterop;

namespace Ops.Dashboard.Components.Layout;

/// <summary>
/// The environment that lists are narrowed to, for one circuit. The address wins (<c>?env=production</c>), so that a pasted link shows
/// the same thing to everybody; moving to another page keeps the choice and writes it into the new address; the browser remembers it
/// for the next visit to the overview.
/// </summary>
public sealed class EnvironmentFilter : IDisposable
{
    private const string Parameter = "env";
    private const string Key = "ops.environment";
    private static readonly HashSet<string> FilteredPages = ["", "endpoints", "rollouts", "inbox", "targets"];
    private readonly NavigationManager navigation;
    private readonly IJSRuntime js;
    private bool started;

    public EnvironmentFilter(NavigationManager navigation, IJSRuntime js)
    {
        this.navigation = navigation;
        this.js = js;
    }

    /// <summary>The environments to choose from.</summary>
    public static IReadOnlyList<string> Choices { get; } = ["dev", "staging", "production"];

    /// <summary>The chosen environment, or null for all.</summary>
    public string? Current { get; private set; }

    /// <summary>Raised on the circuit's dispatcher after <see cref="Current"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>Reads the address and, on the overview without one, the remembered choice. Called once by the layout after its first render.</summary>
    public async Task StartAsync()
    {
        if (started)
        {
            return;
        }

        started = true;
        navigation.LocationChanged += OnLocationChanged;
        var fromAddress = Read(navigation.Uri);
        if (fromAddress is not null)
        {
            Set(fromAddress);
        }
        else if (navigation.ToBaseRelativePath(navigation.Uri).Length == 0)
        {
            var remembered = await js.InvokeAsync<string?>("opsFrame.recall", Key);
            if (remembered is not null && Choices.Contains(remembered))
            {
                Set(remembered);
                WriteToAddress();
            }
        }
    }

    /// <summary>Chooses an environment, or all with null, writes it into the address and remembers it.</summary>
    /// <exception cref="ArgumentException">The environment is not one of <see cref="Choices"/>.</exception>
    public async Task SelectAsync(string? environment)
    {
        if (environment is not null && !Choices.Contains(environment))
        {
            throw new ArgumentException($"'{environment}' is not one of the environments {string.Join(", ", Choices)}.", nameof(environment));
        }

        Set(environment);
        WriteToAddress();
        await js.InvokeVoidAsync("opsFrame.remember", Key, environment ?? "");
    }

    /// <summary>The address with the chosen environment, for links to lists that it narrows; any other address comes back as it was.</summary>
    public string Apply(string href) =>
        Current is not null && FilteredPages.Contains(FirstSegment(href.TrimStart('/'))) ? QueryHelpers.AddQueryString(href, Parameter, Current) : href;

    /// <inheritdoc/>
    public void Dispose() => navigation.LocationChanged -= OnLocationChanged;

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change)
    {
        var fromAddress = Read(change.Location);
        if (fromAddress is not null)
        {
            Set(fromAddress);
        }
        else if (Current is not null && IsFilteredPage)
        {
            WriteToAddress();
        }
    }

    private bool IsFilteredPage => FilteredPages.Contains(navigation.ToBaseRelativePath(navigation.Uri).Split('?', '#')[0].TrimEnd('/'));

    private void WriteToAddress()
    {
        if (IsFilteredPage)
        {
            navigation.NavigateTo(navigation.GetUriWithQueryParameter(Parameter, Current), replace: true);
        }
    }

    private void Set(string? environment)
    {
        if (Current != environment)
        {
            Current = environment;
            Changed?.Invoke();
        }
    }

    private static string? Read(string uri) =>
        QueryHelpers.ParseQuery(new Uri(uri).Query).TryGetValue(Parameter, out var values) && Choices.Contains(values.ToString()) ? values.ToString() : null;

    private static string FirstSegment(string path) => path.Split('?', '#')[0].TrimEnd('/');
}
