using OciImage.Content;
using OciImage.Server.Refusals;
using OciImage.Server.Routing;

namespace OciImage.Server.Listing;

/// <summary>Lists the tags of a repository.</summary>
internal static class TagsHandler
{
    public static async ValueTask ListAsync(RegistryRequest request)
    {
        IImageStore store = await request.OpenStoreAsync().ConfigureAwait(false);
        if (store is not IReferenceLister lister)
        {
            throw Refusal.NoCapability("list tags");
        }

        // A layout may hold names that are no tags; nobody could ask for them here.
        NamePage page = await NamePage.ReadAsync(request, lister.ListReferencesAsync(request.Aborted), NameRules.IsTag)
            .ConfigureAwait(false);
        await Responses.WriteJsonAsync(
            request.Http,
            new TagList(request.Repository, page.Names),
            RegistryJsonContext.Answers.TagList,
            "application/json").ConfigureAwait(false);
    }
}
