using OciImage.Server.Routing;

namespace OciImage.Server.Listing;

/// <summary>Lists the repositories of the registry.</summary>
internal static class CatalogHandler
{
    public static async ValueTask ListAsync(RegistryRequest request)
    {
        NamePage page = await NamePage.ReadAsync(
            request, request.Repositories.ListAsync(request.Aborted), NameRules.IsRepository).ConfigureAwait(false);
        await Responses.WriteJsonAsync(
            request.Http,
            new RepositoryList(page.Names),
            RegistryJsonContext.Answers.RepositoryList,
            "application/json").ConfigureAwait(false);
    }
}
