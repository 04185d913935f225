# صفحة الويب. لا تُنسَّق الأرقام هنا، بل تُذكر أسماء البيانات في facts.yaml.

### الرأس
page-title = فاتورتكم لشهر { $period_month }
page-skip = انتقال إلى المحتوى
page-account = حسابي
page-eyebrow = فاتورة { $period_month }
page-greeting = مرحبًا { $given_name }، هذه فاتورتكم.
page-photo-alt = صورتكم
page-opens-file = (PDF)

### المبلغ
page-due-when = يُرجى الدفع قبل نهاية يوم { $due_date }
page-due-text = بالطريقة التي تناسبكم: بطاقة أو تحويل مصرفي أو تطبيق البنك.
page-due-action = الدفع الآن
page-debit-when = سيُخصم المبلغ في { $debit_date }
page-debit-text = يُخصم من حسابكم المصرفي تلقائيًا، ولا يلزم أي إجراء منكم.
page-debit-text-iban = يُخصم تلقائيًا من الحساب المنتهي بالأرقام { $iban_tail }، ولا يلزم أي إجراء منكم.
page-debit-action = تفاصيل الخصم المباشر
page-credit-when = يبقى هذا المبلغ لكم
page-credit-text = نخصمه من فواتيركم القادمة، أو نحوّله إلى حسابكم إن رغبتم.
page-credit-action = اختيار طريقة الاستلام
page-pdf = تنزيل الفاتورة
page-first-note = هذه فاتورتكم الأولى معنا، فأهلًا بكم. بعد عام ستكون المقارنة ممكنة.

### الفيديو
page-film-title = فاتورتكم في دقيقة
page-film-label = فيديو يشرح فاتورتكم لشهر { $period_month }
page-film-captions = العربية
page-film-chapters = الفصول
page-film-transcript = قراءة نص الفيديو
page-film-print = يمكن مشاهدة الفيديو في صفحة الويب.

### باختصار
page-figures-title = باختصار
page-usage-days =
    { $days_n ->
        [zero] خلال الفترة
        [one] في يوم واحد
        [two] في يومين
        [few] في { $days } أيام
        [many] في { $days } يومًا
       *[other] في { $days } يوم
    }

### شهرًا بشهر
page-history-title = شهرًا بشهر
page-history-text = شهر هذه الفاتورة هو المميَّز: { $usage_kwh }.
page-history-desc = رسم بالأعمدة للاستهلاك الشهري، وعمود شهر هذه الفاتورة مميَّز: { $usage_kwh }.
page-history-table = عرض القيم في جدول

### قبل عام
page-compare-first-title = استهلاككم
page-compare-first-text = بمتوسط { $daily_kwh } في اليوم. عندما يكتمل عام من استهلاككم ستظهر المقارنة هنا.
page-compare-up-title = أكثر من العام الماضي
page-compare-up-text = زيادة قدرها { $usage_change_abs } عن الفترة نفسها قبل عام.
page-compare-down-title = أقل من العام الماضي
page-compare-down-text = انخفاض قدره { $usage_change_abs } عن الفترة نفسها قبل عام.
page-compare-steady-title = مثل العام الماضي تقريبًا
page-compare-steady-text = استهلاككم قريب من استهلاك الفترة نفسها قبل عام.
page-this-year = الآن

### منازل مشابهة
page-neighbours-above-title = أكثر من المنازل المشابهة
page-neighbours-above-text = بزيادة { $neighbour_gap_abs } عن متوسط منازل مثل منزلكم.
page-neighbours-below-title = أقل من المنازل المشابهة
page-neighbours-below-text = بانخفاض { $neighbour_gap_abs } عن متوسط منازل مثل منزلكم.

### لماذا تغيّر المبلغ
page-why-up-title = لماذا ارتفع المبلغ
page-why-down-title = لماذا انخفض المبلغ
page-why-same-title = ما الذي تغيّر
page-why-text = هذه أسباب الفرق عن الفاتورة السابقة، ومجموع البنود الثلاثة هو الفرق بالضبط.
page-why-table = الفرق عن الفاتورة السابقة، بندًا بندًا

### البنود
page-lines-title = بندًا بندًا
page-lines-text = كل ما يتكوّن منه المبلغ.
page-lines-table = بنود الفاتورة

### الطاقة المتجددة
page-green-title = { $green_share } من مصادر متجددة
page-green-text = هذا هو الجزء من طاقتكم الذي تغطيه تعرفة { $tariff_name } بشهادات منشأ.

### العرض
page-offer-eyebrow = فكرة لمنزلكم
page-offer-app-text = الاستهلاك اليومي والفواتير وقراءات العدّاد، كلها على الهاتف.
page-offer-solar-action = معرفة ما إذا كانت تناسب منزلكم
page-offer-ev-action = التعرّف على التعرفة الليلية
page-offer-heat-pump-action = احتساب التوفير لمنزلكم
page-offer-app-action = تنزيل التطبيق
page-offer-preferences = إدارة التفضيلات

### الرسالة والمساعدة
page-note-title = رسالة لكم
page-note-from = خدمة عملاء { brand-name }
page-help-title = هل من أمر غير واضح؟
page-help-text = راسلونا، وسيردّ عليكم أحد موظفينا.
page-help-contact = مراسلة خدمة العملاء
page-help-answers = إجابات عن الأسئلة الشائعة

### الأسفل
page-footer-links = معلومات
page-preferences = التفضيلات
page-privacy = الخصوصية
