package FakeGemini::SearchStores;

# fileSearchStores, their documents, and the operations that bring these in.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(data_answer o);
use FakeGemini::Store qw(rfc3339);

our @EXPORT_OK = qw(add_document store_calls);


sub store_calls () {
    return (
        'fileSearchStores.list'   => \&list,
        'fileSearchStores.create' => \&create,
        'fileSearchStores.get'    => \&get,
        'fileSearchStores.delete' => \&remove,
        'fileSearchStores.import' => \&import_file,
        'documents.list'          => \&documents,
        'documents.get'           => \&document,
        'documents.delete'        => \&remove_document,
    );
}


sub own ($app, $req) {
    return $app->store->own('fileSearchStores', $req->{store}, $req);
}


sub refused ($app, $req) {
    return $app->store->refusal('fileSearchStores', $req->{store});
}


sub documents_of ($app, $req) {
    return $app->store->of_project('documents', $req,
        sub ($item) { $item->{parent} eq "fileSearchStores/$req->{store}" });
}


sub shown ($item) {
    return o(
        name        => $item->{name},
        displayName => $item->{title} // '',
        createTime  => rfc3339($item->{created}),
        updateTime  => rfc3339($item->{updated}),
    );
}


sub list ($app, $req) {
    return $app->store->page('fileSearchStores', $req, \&shown);
}


sub create ($app, $req) {
    my $body = ref $req->{data} eq 'HASH' ? $req->{data} : {};

    return data_answer(shown($app->store->add('fileSearchStores', $req,
        title => $body->{displayName} // $body->{display_name})));
}


sub get ($app, $req) {
    my $store = own($app, $req) // return refused($app, $req);

    return data_answer(shown($store));
}


sub remove ($app, $req) {
    my $store = own($app, $req) // return refused($app, $req);
    my @documents = documents_of($app, $req);

    return ('not_empty', {})
        if @documents && ($req->{args}{force} // '') ne 'true';

    $app->store->drop($_) for @documents, $store;
    return data_answer(o());
}


# the file itself has been looked at with all the references
sub import_file ($app, $req) {
    my $store = own($app, $req) // return refused($app, $req);
    my $body = ref $req->{data} eq 'HASH' ? $req->{data} : {};
    my $name = $body->{fileName} // $body->{file_name}
        // return ('bad_request', {});
    my $file = $app->store->own('files', $name =~ s{^files/}{}r, $req)
        // return ('bad_request', {});

    return data_answer(add_document($app, $req, $req->{store}, $body,
        'import', map { $_ => $file->{$_} } qw(type size md5)));
}


# the operation that brings a document in
sub add_document ($app, $req, $store, $told, $way, %made) {
    my $id = $app->store->new_id;
    my $parent = "fileSearchStores/$store";
    my $document = $app->store->add('documents', $req, %made,
        id     => $id,
        name   => "$parent/documents/$id",
        parent => $parent,
        title  => $told->{displayName} // $told->{display_name} // $id,
    );
    my $item = $app->store->add('operations', $req,
        id   => "$way-$id",
        name => "$parent/" . ($way eq 'upload' ? 'upload/' : '')
            . "operations/$way-$id",
        does => $way,
        response => o('@type' => 'type.googleapis.com/google.ai.'
                . 'generativelanguage.v1main.' . ($way eq 'upload'
                ? 'UploadToFileSearchStoreResponse' : 'ImportFileResponse'),
            parent => $parent, documentName => $document->{name}),
    );

    return o(name => $item->{name});
}


sub document_shown ($item) {
    return o(
        name        => $item->{name},
        displayName => $item->{title},
        state       => 'STATE_ACTIVE',
        sizeBytes   => '' . ($item->{size} // 0),
        mimeType    => $item->{type},
        createTime  => rfc3339($item->{created}),
        updateTime  => rfc3339($item->{updated}),
    );
}


sub documents ($app, $req) {
    my $parent = "fileSearchStores/$req->{store}";

    return refused($app, $req) unless own($app, $req);
    return $app->store->page('documents', $req, \&document_shown,
        filter => sub ($item) { $item->{parent} eq $parent });
}


sub own_document ($app, $req) {
    my $item = own($app, $req)
        && $app->store->own('documents', $req->{id}, $req) || return;

    return $item->{parent} eq "fileSearchStores/$req->{store}" ? $item : ();
}


sub document ($app, $req) {
    my $item = own_document($app, $req) // return refused($app, $req);

    return data_answer(document_shown($item));
}


sub remove_document ($app, $req) {
    my $item = own_document($app, $req) // return refused($app, $req);

    $app->store->drop($item);
    return data_answer(o());
}


1;
