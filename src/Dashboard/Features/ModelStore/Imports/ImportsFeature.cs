using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Components.Layout;
using Ops.Dashboard.Features.ModelStore.Imports.Archives;
using Ops.Dashboard.Features.ModelStore.Imports.Execution;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;
using Ops.Dashboard.Features.ModelStore.Imports.Sources;
using Ops.Dashboard.Features.ModelStore.Pages;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>Versions that the dashboard fetches from elsewhere itself.</summary>
internal static class ImportsFeature
{
    /// <summary>Adds the sources, the guard around their connections, archives, and the service that carries imports out.</summary>
    public static IServiceCollection AddImports(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ImportsOptions>, ValidateImportsOptions>();
        services.AddOptions<ImportsOptions>().BindConfiguration(ImportsOptions.Section).ValidateOnStart();
        services.TryAddSingleton<IHostResolver, SystemResolver>();
        services.AddSingleton<AddressGuard>();
        services.AddSingleton<ImportHttp>();
        services.AddSingleton<GitFetcher>();
        services.AddSingleton<GitLfs>();
        services.AddSingleton<IImportSource, HttpSource>();
        services.AddSingleton<IImportSource, FileSource>();
        services.AddSingleton<IImportSource, GitSource>();
        services.AddSingleton<IImportSource, S3Source>();
        services.AddSingleton<IImportSource, HuggingFaceSource>();
        services.AddSingleton<IImportSource, OciSource>();
        services.AddSingleton<ImportSources>();
        services.AddSingleton<AddressProtector>();
        services.AddSingleton<ArchiveUnpacker>();
        services.AddSingleton<UploadUnpacker>();
        services.AddSingleton<ImportFolders>();
        services.AddSingleton<FileStager>();
        services.AddSingleton<TransferBoard>();
        services.AddSingleton<TransferSignal>();
        services.AddSingleton<TransferLease>();
        services.AddSingleton<TransferFeed>();
        services.AddSingleton<TransferWriter>();
        services.AddSingleton<TransferFeeder>();
        services.AddSingleton<TransferRunner>();
        services.AddSingleton<TransferCommands>();
        services.AddSingleton<TransferQueries>();
        services.AddHostedService<TransferService>();
        services.AddSingleton(new LayoutSlot(LayoutSlot.Tray, typeof(ImportTray)));
        return services;
    }
}
